"""The doors of electronic supervision."""
