"""All ways of paying, held to the same promises."""
