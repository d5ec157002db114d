"""What counts as traded: the rows of it, and what moves them."""
