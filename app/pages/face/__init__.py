"""The exchange's public face: what everybody sees without signing in."""
