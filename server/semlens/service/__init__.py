"""What all front ends stand on: `CodeService`, requests and results as JSON, and the way to the resident server."""
