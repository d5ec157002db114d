"""How data come in: parts of a file, put together, read in a fenced process, and profiled."""
