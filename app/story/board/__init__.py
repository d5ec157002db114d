"""The meteorological board filled with real data: 834 products, each of a slice of its own."""
