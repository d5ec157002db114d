"""Data assets on the balance sheet (数据资产入表): cards, what moves them, what is disclosed."""
