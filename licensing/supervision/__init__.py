"""Electronic supervision (电子监察) of the licensing process: clocks, violations, units."""
