"""Rails (支付通道): providers that take and give money, behind one narrow port, exactly once."""
