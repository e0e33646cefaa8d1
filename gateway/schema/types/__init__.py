"""The types that have fields of the gateway's own; all others are derived."""
