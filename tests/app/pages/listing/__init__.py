"""Pages of merchants: listing one product, listing many, what is missing."""
