"""The program as a whole: help, completion, repeated options, console and streams."""
