"""Terms of subscriptions as rows: until when an order is served, and what follows it."""
