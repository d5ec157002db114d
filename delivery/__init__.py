"""Delivery (交付): the secure domain, and what leaves it, checked at every use."""
