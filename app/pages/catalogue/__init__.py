"""Pages of the catalogue: grading anew, consents, sources and their conflicts, the hub's desk."""
