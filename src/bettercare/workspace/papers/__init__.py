"""Meetings and the papers made for them."""
