"""What stands around a payout: its attempts, what it pays for, what a party may expect."""
