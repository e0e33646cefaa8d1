"""Executes operations: compiled where that is possible, else by graphql-core."""
