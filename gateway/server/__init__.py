"""Speaks ASGI: the application, its endpoints, and what operators see of it."""
