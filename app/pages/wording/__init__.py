"""What codes are called on a page, room by room; read by the vocabulary of all pages."""
