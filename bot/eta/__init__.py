"""The estimated wait: when to poll the provider, and what to tell members."""
