"""The rows of what has been agreed: what every agreement holds, and those of operation."""
