"""The metrics at `/metrics`: defined once, recorded by the parts that know."""
