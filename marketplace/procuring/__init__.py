"""What a buyer takes to its own procurement: everything about a product or an order, signed."""
