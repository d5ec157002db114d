"""Pages of who takes part: an organisation with its file, and the desk that admits it."""
