"""Settings for the property tests."""

from hypothesis import settings

# How fast an example runs depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
