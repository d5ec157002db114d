"""Files on their way in, each step in a unit of work of its own."""
