"""Forms name things as people do."""
