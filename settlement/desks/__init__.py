"""What the desks of money are told: what waits there, and whose accounts there are."""
