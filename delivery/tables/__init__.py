"""The tables that the exchange keeps: data sets, their versions, and the files they lie in."""
