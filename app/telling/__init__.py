"""Sending webhooks: where they may go, how long they may take, what came back."""
