"""An offline world: a strict fake of the provider and a simulated Discord, for the demo and the tests."""
