"""The doors of the review: who has a case in hand, what a round changed, drafts of sheets."""
