"""The database: tables, transactions, migrations, backups, and what differs between SQLite and PostgreSQL."""
