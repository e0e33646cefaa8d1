"""Implements HTTP/1.1 and WebSocket on the socket, within bounds, and replays responses."""
