"""What every answer says of itself, and the answers that are kept to be given again."""
