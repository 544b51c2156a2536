"""What commands print for people: hits, progress, colours."""
