"""What comes after a delivery: disputes, ratings, complaints, and proof that data was destroyed."""
