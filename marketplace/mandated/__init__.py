"""What stands of mandates where orders and settlement ask for it."""
