"""A made-up history of the size of a real exchange, played through the exchange's own steps."""
