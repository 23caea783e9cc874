"""Going back to an earlier plan is a revision of its own, and a board may answer again: both are added, not replaced."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programme", "0001_initial")]
    operations = [
        migrations.AlterField("revision", "code", models.CharField(max_length=16, unique=True)),
        migrations.AlterField("revision", "fingerprint", models.CharField(db_index=True, max_length=64)),
        migrations.RemoveConstraint("endorsement", "one_endorsement_each"),
    ]
