"""Pages of finding: the catalogue, products side by side, saved searches."""
