"""The arithmetic of a health and care system: pure functions on arrays; no files, no printing."""
