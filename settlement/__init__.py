"""The money (结算): a ledger that cannot lose a fen, and what stands on it."""
