"""What is promised of the centres' pages."""
