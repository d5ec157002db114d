"""Doors of how what is due is divided: fee rules, revenue rules, the hold list."""
