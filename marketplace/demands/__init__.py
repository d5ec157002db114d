"""What buyers want and nobody sells yet: demands, the answers to them, who fits, the award."""
