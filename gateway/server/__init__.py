"""Serves HTTP and WebSocket: endpoints, middleware, telemetry."""
