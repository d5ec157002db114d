"""Who receives data, and how they show it: tokens bound to an order line, and public keys."""
