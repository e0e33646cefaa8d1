"""Documents: parsed and validated once, persisted or trusted."""
