"""The trade (交易): products, orders, prices, rankings."""
