"""Inside of decisions: clauses, compiled rights, the shared epoch, the log, the breaker."""
