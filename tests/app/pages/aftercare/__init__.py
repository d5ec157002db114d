"""Pages of what comes after a delivery."""
