"""The audit trail: every write and every denial, each entry chained to the one before by its hash."""
