"""The doors of those who take part: organisations, sessions, tokens."""
