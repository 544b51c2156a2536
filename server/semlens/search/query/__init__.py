"""What a question says: its kind, its terms and names, its filters. Looks nothing up."""
