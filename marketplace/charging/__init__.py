"""Where orders meet what is charged by use: meters, subscriptions, and the use itself."""
