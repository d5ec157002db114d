"""What stands beside an order: its guards, and each time that it was rejected."""
