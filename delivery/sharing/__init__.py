"""Delta Sharing: an order line as a table that any client of the open protocol reads."""
