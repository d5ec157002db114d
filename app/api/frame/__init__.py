"""What the doors of plans and agreements have alike."""
