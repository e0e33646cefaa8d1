"""Models the data of Voice Insights: pure values and rules, without I/O or framework."""
