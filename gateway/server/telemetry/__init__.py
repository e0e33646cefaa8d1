"""What operators see: logs, metrics, traces, health, and the state of dependencies."""
