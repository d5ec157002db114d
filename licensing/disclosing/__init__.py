"""What of the frame is public: the register, and the rows of yearly disclosures."""
