"""The language server: the only package that knows LSP. Types below it are not wire types, and it ranks nothing."""
