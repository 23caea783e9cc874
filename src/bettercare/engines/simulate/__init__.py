"""Patient flow, event by event, with finite beds: discrete-event simulation of a plan's own tables."""
