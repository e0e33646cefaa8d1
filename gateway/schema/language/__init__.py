"""GraphQL's language: parsing, validation of reduced documents, and messages about values."""
