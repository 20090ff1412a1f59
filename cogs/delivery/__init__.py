"""Cards and results on Discord: the side of `bot.jobs.ports` that members see."""
