"""Writes semlens into the configuration of coding agents, and takes it out again: MCP entries, skills, rules files."""
