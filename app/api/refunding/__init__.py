"""Doors of what goes back: refunds, disputes of providers, holds, adjustments."""
