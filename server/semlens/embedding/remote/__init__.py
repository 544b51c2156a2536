"""An embedding service of the user's own: what is sent, over which connection, and what is believed of the answers."""
