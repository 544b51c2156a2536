"""Open buffers as segments over the files on disk. In memory only."""
