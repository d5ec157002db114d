"""The metered interface (计量接口): rows by request, each counted, receipted and paid once."""
