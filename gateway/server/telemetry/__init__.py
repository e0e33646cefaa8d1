"""Reports to operators: logs, metrics, traces, health, and the state of dependencies."""
