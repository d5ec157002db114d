"""Pages of deliveries, for buyer and seller, and the desk of who reviews what leaves."""
