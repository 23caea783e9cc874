"""Open planning for health and care systems."""
