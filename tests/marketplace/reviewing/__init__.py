"""What bars the steps of a product on its way to the market and off it."""
