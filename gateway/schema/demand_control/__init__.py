"""Bounds what a request may cost: its size, the cost of its operation, and viewers' budgets."""
