"""What is done about authorisations that run."""
