"""Prices that two parties agree between them: offers, counter-offers, and what was agreed."""
