"""What PySpark reads; `make spark`."""
