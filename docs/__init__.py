"""What is drawn from code for people to read."""
