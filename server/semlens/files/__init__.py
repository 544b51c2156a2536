"""The files of a workspace: which ones are indexed, how they are read, what changes. Knows no index."""
