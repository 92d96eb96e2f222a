"""What an evaluation leaves behind: figures for programs, a table for people, and pictures."""
