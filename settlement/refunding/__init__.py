"""How money goes back: refunds, disputes of providers, make-good, write-offs, adjustments."""
