"""The SDK of MCP: the server of the tools, over one connection or over HTTP. Nothing else imports the SDK."""
