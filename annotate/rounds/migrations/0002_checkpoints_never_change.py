"""A trigger refuses every change of a checkpoint: what was trained stays what it was."""

from django.db import migrations

CREATE = """
CREATE FUNCTION refuse_checkpoint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a checkpoint is never changed after it is written'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER checkpoints_never_change BEFORE UPDATE OR DELETE ON rounds_checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_checkpoint_change();
"""
DROP = """
DROP TRIGGER checkpoints_never_change ON rounds_checkpoint;
DROP FUNCTION refuse_checkpoint_change();
"""


class Migration(migrations.Migration):
    dependencies = [("rounds", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
