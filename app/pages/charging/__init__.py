"""Pages of fees: by which rules they are charged, who owes them, and their invoices."""
