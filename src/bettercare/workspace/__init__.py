"""The programme workspace: where partners run one plan together, and the public can see it."""
