"""Looks around in what a session has indexed: folders by symbols, skipped files, the text and the outline of a file."""
