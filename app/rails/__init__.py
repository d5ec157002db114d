"""How the house runs its rails: outside calls, in the worker and right after a request."""
