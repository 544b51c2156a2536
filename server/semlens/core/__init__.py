"""Plain values that every other package speaks in. Imports nothing of semlens, and no third-party library."""
