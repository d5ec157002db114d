"""What is promised of the two centres."""
