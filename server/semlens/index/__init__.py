"""What is known: immutable columnar segments, snapshots of them, and the SQLite stores behind. Knows no ranking."""
