"""Telling organisations' own systems what has happened to what is theirs: webhooks."""
