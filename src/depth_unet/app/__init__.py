"""The page that predicts and measures in the browser: its files, a server, a copy for web hosts."""
