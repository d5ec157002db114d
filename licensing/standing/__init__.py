"""What an authorisation stands on: its row, what bars its steps, what follows, its end."""
