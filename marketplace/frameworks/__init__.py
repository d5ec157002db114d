"""Framework contracts: what a buyer may call off from one seller, how long, up to how much."""
