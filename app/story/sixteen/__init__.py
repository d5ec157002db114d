"""Sixteen scenarios in every state, played through their real steps into a demonstration."""
