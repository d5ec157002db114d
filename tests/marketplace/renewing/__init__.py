"""What is promised of subscriptions that go on."""
