"""Pages of forms that were refused."""
