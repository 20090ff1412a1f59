"""The /veo-admin commands: pause, block, words, settings, queue, log, doctor."""
