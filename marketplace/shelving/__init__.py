"""Products on the shelf: listed in bulk, revised while they are sold, watched every day."""
