"""Compute vouchers (算力券): a sponsor pays a part of what enterprises buy, within its budget."""
