"""Pages of counted volume's integrity: the reviewers' queue, and what sellers are told."""
