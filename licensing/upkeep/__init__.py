"""What is done about authorisations that run: cascades, renewals, reviews, idle notices."""
