"""What is asked for in writing: items, terms, and the vocabulary of both."""
