"""What the public sees, with no account: only what is published."""
