"""A small Discord on a real socket, to which the unmodified program connects with the real discord.py.

What it does and refuses is written in Discord's developer documentation; where that says nothing, a
comment names the source. Tests move it from outside: members act, connections break, answers get lost.
"""

from sandbox.wire.discord_server import WireDiscord
from sandbox.wire.faults import Fault
from sandbox.wire.interactions import Interaction, OptionFile
from sandbox.wire.state import ChannelType, Message

__all__ = ["ChannelType", "Fault", "Interaction", "Message", "OptionFile", "WireDiscord"]
