"""What each client of the engine sees: its roots, its open documents, and its snapshots."""
