"""The product in a few verbs: look a call up, list calls."""
