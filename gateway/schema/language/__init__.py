"""Parses documents, and writes messages about invalid values."""
