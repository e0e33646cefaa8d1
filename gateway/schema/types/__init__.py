"""Defines the types with fields of the gateway's own; all others are derived."""
