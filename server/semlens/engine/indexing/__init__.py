"""The indexer thread and what it owns: roots, scans, commits, merges, snapshots. Answers no question."""
