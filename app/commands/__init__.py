"""What commands of the console do that are longer than a line of the command line."""
