"""Doors of invoices and receipts."""
