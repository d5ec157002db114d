"""Paying an order in parts: the plan, what is asked for when, what each part pays of a line."""
