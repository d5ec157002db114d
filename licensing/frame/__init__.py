"""The frame of authorised operation: what plans and agreements hold, and how they live."""
