"""The resident server: one process of a user that hosts sessions for editors, commands and agents.

It is the composition root: it may import every front end, and no package imports it. The command line starts it by
name. `bridge` is the client's side of it for editors that start a program, and imports none of this.
"""
