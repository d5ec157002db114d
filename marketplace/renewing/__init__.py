"""Subscriptions that end, go on or stand: notice, renewal, grace, pause."""
