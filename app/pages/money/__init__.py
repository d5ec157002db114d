"""Pages of money: what is owed, paid, given back, and how it all comes out even."""
