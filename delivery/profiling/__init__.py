"""What a data set is like: its columns, their quality, the people in it, a sample of it."""
