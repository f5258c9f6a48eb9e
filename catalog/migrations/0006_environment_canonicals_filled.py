"""Each environment gets an address made from its name, as `catalog.services.canonicals` makes them."""

import re

from django.db import migrations


def fill(apps, schema_editor):
    taken = set()
    rows = apps.get_model("catalog", "Environment").objects.filter(canonical="").order_by("pk")
    for pk, organization, name in rows.values_list("pk", "organization_id", "name"):
        canonical = re.sub(r"[^a-z0-9_-]", "-", name.lower())[:60].strip("-_") or "environment"
        while (organization, canonical) in taken:
            canonical = f"{canonical}-{pk}"
        taken.add((organization, canonical))
        rows.model.objects.filter(pk=pk).update(canonical=canonical)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_projects")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
