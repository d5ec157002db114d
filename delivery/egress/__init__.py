"""What leaves the secure domain only after somebody has looked at it: queries and masked files."""
