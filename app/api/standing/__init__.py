"""The doors of how authorisations stand: impacts, renewals, reviews, notices, destructions."""
