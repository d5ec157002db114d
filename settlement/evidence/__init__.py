"""Evidence packs (证据包): what the exchange holds about a matter, signed, for elsewhere."""
