"""What is promised of trials."""
