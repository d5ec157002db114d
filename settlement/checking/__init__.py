"""The ledger's examination, part by part: every promise recomputed from the rows."""
