"""Bounds the size and cost of requests, and the budgets of viewers."""
