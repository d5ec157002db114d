"""Where money came from and where it went, read back from the books."""
