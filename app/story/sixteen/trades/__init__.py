"""What is traded beside the main job: every kind of price and payment, with one or two records."""
