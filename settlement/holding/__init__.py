"""What is frozen until a dispute, a court or an alert is over."""
