"""What authorised operation may cost: permitted revenue, upper-limit fees, what was earned."""
