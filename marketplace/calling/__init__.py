"""Calling off: orders under a framework contract, each within its ceiling."""
