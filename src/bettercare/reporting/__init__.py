"""What people read: the report, the screen, the files and the charts, all from one forecast."""
