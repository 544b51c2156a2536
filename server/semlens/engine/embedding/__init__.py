"""The models in use, local and remote, and the vectors that are filled in behind the words."""
