"""Reconciling (对账): our books beside what bank, provider and trade say, line by line, by day."""
