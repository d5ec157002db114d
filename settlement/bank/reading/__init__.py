"""Reading what banks write: every format gives the same StatementFile, or says what is wrong."""
