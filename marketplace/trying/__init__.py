"""Trying goods before they are bought: what a seller offers, and what a buyer takes of it."""
