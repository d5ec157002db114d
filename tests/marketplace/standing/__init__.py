"""The life of an authorisation after it has been issued."""
