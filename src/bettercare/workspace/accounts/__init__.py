"""People, the partners that they act for, their roles, and the check of every request against the permission table."""
