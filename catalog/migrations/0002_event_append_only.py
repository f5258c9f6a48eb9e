from django.db import migrations

REFUSE = """
CREATE FUNCTION catalog_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'catalog_event is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER catalog_event_append_only BEFORE UPDATE OR DELETE ON catalog_event
    FOR EACH ROW EXECUTE FUNCTION catalog_event_refuse();
"""
ALLOW = """
DROP TRIGGER catalog_event_append_only ON catalog_event;
DROP FUNCTION catalog_event_refuse();
"""


class Migration(migrations.Migration):
    """History is only added to: the database refuses to change or delete a row of it."""

    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
