"""Authentication of viewers, and the reload of who they are."""
