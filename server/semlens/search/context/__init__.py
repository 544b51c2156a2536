"""The right code for a prompt: what a reader of some code needs, chosen to fit a budget of tokens."""
