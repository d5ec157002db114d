"""What helps those who review a case: who has it in hand, and what a round has changed."""
