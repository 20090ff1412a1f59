"""Try it first: what a change of the rules would have done, shown before it is saved."""
