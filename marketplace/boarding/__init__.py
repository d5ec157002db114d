"""Boards at work: who asks to stand on one, what stands first, what it all comes to."""
