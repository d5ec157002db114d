"""Other exchanges beside ours: their published figures, and the order of all of them."""
