"""Pages of statistics: this exchange among others."""
