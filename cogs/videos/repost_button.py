"""The button of /videos that posts a video again, where it is clicked."""

from bot.i18n import NC_
from cogs.ui.interaction import Interaction
from cogs.ui.items import VideoButton
from cogs.ui.requester import requester_of
from cogs.videos.repost import repost


class RepostButton(VideoButton):
    """Posts one's own video again."""

    action = "repost"
    label = NC_("button", "Repost")
    emoji = "📤"

    async def act(self, interaction: Interaction) -> None:
        """Claim it, post it, and say where it is; a second click meanwhile is told so."""
        await interaction.response.defer(ephemeral=True, thinking=True)  # the file may take a while
        requester, reposts = requester_of(interaction), interaction.client.services.reposts
        generation = await reposts.claim(requester, self.generation_id)
        text = await repost(interaction.client, reposts, generation, requester.channel_id)
        await interaction.followup.send(text, ephemeral=True)
