"""The steps of a generation, each from one state to the next. `bot.jobs.workflow` puts them in order.

Every step starts from the row alone, so carrying on after a crash is the same code as starting. What
must survive is written before and after every call that matters.
"""
