"""Pages of the review: the queue of cases, and the evidence in one."""
