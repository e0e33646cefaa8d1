"""Settings, accounts and viewers: their kinds and rules, and how they are read."""
