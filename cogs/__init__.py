"""The Discord surface: one feature, one file."""
