"""Cancelling an order that both have signed: asked by one party, agreed to by the other."""
