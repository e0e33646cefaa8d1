"""Defines the ASGI middleware in front of the routes."""
