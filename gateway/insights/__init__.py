"""What Voice Insights says: pure values and rules, no I/O and no framework."""
