"""The index of all that can be found: entries, their terms, their codes."""
