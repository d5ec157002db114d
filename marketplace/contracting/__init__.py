"""Contracts before they are signed: which template, and what stands in it in words."""
