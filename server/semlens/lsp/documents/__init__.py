"""The open documents of one client: text, versions, edits. Parses nothing."""
