"""Authenticates viewers, and reloads their configuration."""
