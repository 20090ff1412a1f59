"""What was used and spent, as figures, tables and charts."""
