"""Pages of agents and their mandates."""
