"""Executes operations: compiled if possible, else by graphql-core."""
