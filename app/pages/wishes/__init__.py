"""Pages of demands: what is wanted, who answers, who fits, what was awarded."""
