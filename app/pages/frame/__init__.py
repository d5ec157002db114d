"""Pages of the frame: plans, agreements, and the public register of both."""
