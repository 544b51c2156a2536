"""Parse workers: processes that read and parse files under limits, and the threads that talk to them."""
