"""The tools of coding agents (Model Context Protocol), as a front end of the service beside `cli` and `lsp`.

Only `session` imports the SDK, which takes a second to load. The tools themselves know no protocol.
"""
