"""What the client can ask and tell, one group a module. Each has `register(server)`."""
