"""Pages of data assets, their disclosure, and evidence packs."""
