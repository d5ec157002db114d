"""Forms name things as people do: chosen from a list, found by name or number, never by id."""
