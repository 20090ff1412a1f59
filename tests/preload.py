"""What each program of a test finds done: the fork server imports this, and programs are copies of it."""

import gc
import importlib

from bot.discord_client.client import EXTENSIONS
from bot.i18n.catalogues import languages, translations

PROGRAMS = ("bot.app.serve", "bot.cli.run", "bot.cli.generate", "bot.cli.doctor")

for name in (*PROGRAMS, *EXTENSIONS):
    importlib.import_module(name)
for language in languages():
    translations(language)
gc.freeze()  # each copy would look for garbage in all of it
