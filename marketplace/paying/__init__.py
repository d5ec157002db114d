"""How an order is paid when others pay a part of it."""
