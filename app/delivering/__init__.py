"""Uses of delivered data that compute outside any transaction: calls, queries, files by hand."""
