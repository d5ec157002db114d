"""Deals that were made elsewhere and are registered here (场外交易备案)."""
