"""Remembers summaries and pages: what for, how long, and where."""
