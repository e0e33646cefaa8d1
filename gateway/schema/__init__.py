"""Defines the GraphQL schema, and executes operations on it."""
