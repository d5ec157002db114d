"""Price plans as they are written down: their kinds, their fields, what makes them whole."""
