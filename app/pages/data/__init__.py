"""Pages of the data that merchants keep here."""
