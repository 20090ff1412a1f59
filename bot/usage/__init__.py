"""Usage and spending, as figures, tables and charts."""
