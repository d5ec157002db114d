"""What the exchange charges for its own services: each fee once, gathered into notes, paid."""
