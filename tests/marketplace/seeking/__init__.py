"""What somebody names in part is looked for."""
