"""The right to use data (授权): agreements, scenarios, assessments, authorisations."""
