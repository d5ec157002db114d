"""What stands behind a listing: the row of a product, its documents, its rights."""
