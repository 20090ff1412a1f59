"""`python -m bot` is the same as `veo-bot`."""

from bot.cli.main import main

main()
