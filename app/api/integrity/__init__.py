"""Doors of counted volume's integrity: flags, and what does not count."""
