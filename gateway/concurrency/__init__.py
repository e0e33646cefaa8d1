"""Deadlines, single-flight, fair queues and cooperative work on asyncio."""
