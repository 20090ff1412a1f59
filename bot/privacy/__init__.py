"""People's data and its end: export, erasure, retention."""
