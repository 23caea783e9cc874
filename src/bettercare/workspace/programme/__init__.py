"""The plan's revisions and proposals, the roadmap, delivery, gates and decisions."""
