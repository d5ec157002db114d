"""Suspicions about counted trades: what looks for them, and who decides (诚信标记)."""
