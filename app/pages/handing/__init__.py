"""Pages on which what was bought is handed over: packages, keys and sharing tokens."""
