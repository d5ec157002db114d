"""What the gate looks at beside the delivery itself: what is left of it, and what was reviewed."""
