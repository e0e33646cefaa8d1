"""Serves the Model Context Protocol: tools for assistants, each of which is a GraphQL document."""
