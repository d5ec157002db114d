"""The rows of what has been agreed, and the official numbers of its documents."""
