"""Delivery by hand (人工交付): reports and files that a seller hands over, round by round."""
