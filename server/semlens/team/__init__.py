"""The user's side of a team's server (`team.url`): asks it, and merges its answers with the local ones."""
