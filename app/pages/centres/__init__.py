"""Pages of the two centres: a merchant's, and a buyer's."""
