"""What is still to be told when this arrives keeps its order too."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    entries, events = apps.get_model("catalog", "OutboxEntry"), apps.get_model("catalog", "Event")
    subject = events.objects.filter(pk=OuterRef("event")).values("subject_uid")
    entries.objects.filter(done_at=None).update(holds=Subquery(subject))


class Migration(migrations.Migration):
    dependencies = [("catalog", "0023_outbox_holds")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
