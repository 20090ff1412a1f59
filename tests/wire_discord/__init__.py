"""A small Discord on a real socket, to which the unmodified program connects with the real discord.py.

What it does and refuses is written in Discord's developer documentation; where that says nothing, a
comment names the source. Tests move it from outside: members act, connections break, answers get lost.
"""

from tests.wire_discord.discord_server import WireDiscord
from tests.wire_discord.faults import Fault
from tests.wire_discord.interactions import Interaction, OptionFile
from tests.wire_discord.state import ChannelType, Message

__all__ = ["ChannelType", "Fault", "Interaction", "Message", "OptionFile", "WireDiscord"]
