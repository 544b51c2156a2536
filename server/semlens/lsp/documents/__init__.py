"""The open documents of one client: their text, and its edits. Does not parse."""
