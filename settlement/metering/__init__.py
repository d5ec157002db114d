"""What is paid by use or by period: tariffs, usage, wallets, bills, subscriptions."""
