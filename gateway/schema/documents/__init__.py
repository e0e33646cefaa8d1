"""Parses and validates documents, and resolves persisted and trusted ones."""
