"""What is promised of the doors and pages of packs, trials and renewals."""
