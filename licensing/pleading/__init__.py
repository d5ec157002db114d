"""What is pleaded against a panel or a decision, and what a panel recommends: above assessments."""
