"""Plain values that every other package uses. Imports no other package of semlens and no third-party library."""
