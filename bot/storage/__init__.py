"""Where requests are recorded: what differs between SQLite and PostgreSQL, and the way over."""
