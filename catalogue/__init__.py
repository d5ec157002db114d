"""What data there is (目录): directories, the data behind them, their grades."""
