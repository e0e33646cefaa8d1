"""Reads and checks settings, accounts and viewers."""
