"""The client of a user's embedding service: what is sent, the connection, and the checks of answers."""
