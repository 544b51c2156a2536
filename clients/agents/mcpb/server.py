"""The start of the MCP server in an MCPB: its arguments are the folders that the user chose."""

import sys

from semlens.cli import main

if __name__ == "__main__":
    sys.exit(main(["mcp", *(argument for folder in sys.argv[1:] for argument in ("--root", folder))]))
