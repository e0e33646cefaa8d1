"""Speaks GraphQL: the catalogue as types, questions as operations, errors for clients."""
