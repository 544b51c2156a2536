"""Parameters and results of the protocol: JSON to checked values, and values to JSON. Decides nothing."""
