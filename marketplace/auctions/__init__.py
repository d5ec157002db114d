"""Products sold to the highest bid: lots, bids, the opening, the award."""
