"""What proves a trade or an asset to somebody elsewhere: evidence packs, and their revenue."""
