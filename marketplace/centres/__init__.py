"""What one organisation sees first: what waits for it as a seller, and as a buyer."""
