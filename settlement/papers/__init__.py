"""Papers: statements, invoices, receipts, asset files; each numbered, signed and verifiable."""
