"""Describes results: freshness, cached responses, and errors for clients."""
