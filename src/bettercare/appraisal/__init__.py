"""Questions that a partnership asks of a plan, answered by putting the engines together."""
