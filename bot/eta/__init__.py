"""When to ask the provider, and what to tell members about the wait."""
