"""What is handed out about an authorisation for machines: credential, policy, status, keys."""
