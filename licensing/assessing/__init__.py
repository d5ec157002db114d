"""What an assessment is made of besides itself: the sheets that its panel signs."""
