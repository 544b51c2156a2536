"""The map of the index: every symbol a point, near those that mean alike. Computed in a process of its own."""
