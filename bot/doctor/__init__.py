"""The checks of `veo-bot doctor` and `/veo-admin doctor`, and how their results are shown."""
