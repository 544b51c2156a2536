"""The tiers (local and remote models), and the computation of vectors in the background."""
