"""Who takes part: organisations, people, and how they are told apart."""
