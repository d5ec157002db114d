"""What the bank says, and what it was found to mean (银行对账)."""
