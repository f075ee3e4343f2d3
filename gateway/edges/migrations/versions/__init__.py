"""One module per revision; a revision never changes once it was released."""
