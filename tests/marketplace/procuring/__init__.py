"""What is promised of procurement packs."""
