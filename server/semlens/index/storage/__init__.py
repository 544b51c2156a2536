"""What survives a restart: SQLite stores and the files beside them. Everything read back is checked."""
