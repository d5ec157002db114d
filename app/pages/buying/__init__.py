"""Pages of what a buyer asks for around its orders: packs, trials, renewals."""
