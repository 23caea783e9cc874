"""Partners' own returns, and where they disagree with each other and with the plan."""
