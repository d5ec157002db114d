"""Pages of how authorisations stand: one, what would fall with it, its reviews, its end."""
