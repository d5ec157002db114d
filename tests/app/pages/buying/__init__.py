"""What is promised of the pages of packs, trials and renewals."""
