"""Pages of what organisations' own systems are told."""
