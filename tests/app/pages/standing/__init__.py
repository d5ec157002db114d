"""Pages of how authorisations stand."""
