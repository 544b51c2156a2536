"""Text as plain values: identifiers, globs, secrets that are masked, and text that is safe to show."""
