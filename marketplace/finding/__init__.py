"""What is looked for and found: all that is public, by words and facets; searches that are kept."""
