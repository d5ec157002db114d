"""What somebody names in part is looked for: by number, by title, by the name of a party."""
