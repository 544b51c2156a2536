"""The open documents of one client: text, versions, edits. Does not parse."""
