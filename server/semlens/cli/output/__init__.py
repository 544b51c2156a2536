"""Output for people: hits, progress and colours."""
