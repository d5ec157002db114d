"""The doors of what authorised operation may cost: fee periods, upper limits."""
