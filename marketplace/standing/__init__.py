"""What becomes of what is offered when the right behind it falls, returns or is renewed."""
