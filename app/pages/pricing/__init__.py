"""Pages of what authorised operation may cost."""
