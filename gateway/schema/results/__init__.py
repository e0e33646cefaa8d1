"""Results of operations: how fresh they are, which of them are cached, and what errors show."""
