"""What fixes the past: signed blocks of entries, and balances kept at the close of a month."""
