"""The `hanse` command."""
