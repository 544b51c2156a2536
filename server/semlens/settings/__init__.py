"""All settings: their one definition, and how they are loaded. No other package reads a settings file."""
