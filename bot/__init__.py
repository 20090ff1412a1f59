"""Everything of veo-bot that is not a Discord surface."""

__version__ = "0.1.0"  # read from here everywhere: in the image and under systemd no package is installed
