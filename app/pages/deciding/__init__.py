"""Pages of decisions: what was allowed and denied, why, and what came too often."""
