"""Watching the program from outside: its figures, its health, and alerts for whoever runs it."""
