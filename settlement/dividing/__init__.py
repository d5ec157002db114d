"""How what is due is divided: fee rules, revenue rules, shares, reserves, the hold list."""
