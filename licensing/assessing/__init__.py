"""What an assessment is made of: the draw of its panel, its members, and what they score."""
