#!/usr/bin/env python3
"""Stands before ffmpeg and crashes now and then, as a program does that runs out of memory."""

import os
import random
import signal
import sys

CRASHES = 0.1  # of all starts

if random.random() < CRASHES:
    os.kill(os.getpid(), signal.SIGSEGV)
os.execv(os.environ["REAL_FFMPEG"], ["ffmpeg", *sys.argv[1:]])  # noqa: S606 no shell is wanted
