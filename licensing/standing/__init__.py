"""How an authorisation stands through its life: cascades, renewal, reviews, its end."""
