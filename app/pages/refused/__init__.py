"""Forms that were refused: shown again as they were filled, with what is wrong in their words."""
