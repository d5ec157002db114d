"""Pages of certificates: the letter itself, and the verification that is open to everybody."""
