"""Looks up, lists, follows, annotates and searches calls, independently of GraphQL."""
