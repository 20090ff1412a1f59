"""The command line: one module a command; `bot.cli.main` ties them together."""
