"""What an operator sets (settings) and what a jurisdiction sets (rules, holidays)."""
