"""Caches summaries and pages, in memory and in Redis, and decides for how long."""
