"""Members of a team: their tokens, what each may read, and the log of what they asked."""
