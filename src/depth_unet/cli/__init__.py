"""The command line: one file or one folder for each command."""
