"""What need not be marked for translation, and why."""

# What nobody reads on Discord: modules, by what is in them instead.
SILENT = {
    "bot/log.py": "the log",
    "bot/app/serve.py": "the log",
    "bot/settings.py": "the operator's settings",
    "bot/provider_settings.py": "the operator's settings",
    "bot/written_values.py": "the operator's settings",
    "bot/media/encoding.py": "errors for the log",
    "bot/media/files.py": "errors for the log",
    "bot/media/fit_plan.py": "errors for the log",
    "bot/media/fitting.py": "errors for the log",
    "bot/media/joining.py": "errors for the log",
    "bot/media/last_frames.py": "errors for the log",
    "bot/media/whole_videos.py": "errors for the log",
    "bot/requests/source_videos.py": "errors for the log",
    "bot/media/streams.py": "errors for the log",
    "bot/media/upload_sizes.py": "the operator's settings",
    "bot/provider/client.py": "errors for the log and the command line",
    "bot/provider/errors.py": "errors for the log and the command line",
    "bot/provider/refusals.py": "errors for the log and the command line",
    "bot/provider/transport.py": "errors for the log and the command line",
    "bot/provider/words.py": "what stands in the provider's own words",
    "bot/doctor/channel_access.py": "the command line and the log",
    "bot/media/ffmpeg.py": "a shell's words",
    "bot/doctor/database_checks.py": "the command line",
    "bot/doctor/discord_api.py": "the command line",
    "bot/doctor/discord_checks.py": "the command line",
    "bot/doctor/examine.py": "the command line",
    "bot/doctor/host_checks.py": "the command line",
    "bot/doctor/settings_checks.py": "the command line",
    "bot/file_modes.py": "the log",
    "bot/cli/doctor.py": "the command line",
    "bot/cli": "the command line",
    "bot/db": "the command line, and SQL",
    "bot/system_errors.py": "the command line and the log",
    "bot/metrics": "the log and the figures",
    "bot/media/downloads.py": "errors for the log",
    "bot/monitoring": "the log and the figures",
}
# Texts that are the same in every language, or that no member reads.
ALLOWED = {
    "bot/admission/parsing.py": {"no limit": "what is understood", "no budget": "what is understood"},
    "bot/db/database.py": {
        "disk is full": "SQLite's own words",
        "No space left": "PostgreSQL's own words",
        "The database was written by a newer version of this program, and this one can't "
        "read it. Nothing changed. Run that version again, or restore the backup from "
        "before the upgrade.": "for operators",
        "The address ": "for operators",
        "could not read the database": "for the log",
        "could not write to the database": "for the log",
    },
    "bot/db/models.py": {"delivered_at IS NULL OR late_until IS NOT NULL": "SQL"},
    "bot/jobs/steps/deliver.py": {"moderators have to see it first": "for the log"},
    "bot/media/images.py": {
        "not one of the known signatures": "for the log",
        "it moves": "for the log",
        "too costly to decode": "for the log",
    },
    "bot/provider/catalogue.py": dict.fromkeys(
        ("Veo 3 Fast", "Veo 3.1", "Veo 3.1 Fast", "Veo 3.1 Lite", "Veo 3.1 Lite Preview"), "a name"
    ),
    "bot/doctor/checks.py": {"a video as most people ask for": "a prompt that is never sent"},
    "bot/doctor/provider_text.py": {
        "Turn it on at the provider, or set AIMLAPI_KEY to another key.": "for operators",
        "Add that scope at the provider, or set AIMLAPI_KEY to another key.": "for operators",
        "Raise its limit at the provider, or set AIMLAPI_KEY to another key.": "for operators",
        "Check this machine's network and `AIMLAPI_BASE_URL`": "for operators",
        ". Requests wait until it works.": "for operators",
    },
    "bot/policy/strikes.py": {"Too many strikes.": "written down, so in English"},
    "cogs/moderation/ladder.py": dict.fromkeys(
        ("until a moderator decides", "until unblocked"), "what is understood"
    ),
    "bot/moderation/importing.py": {"There are no files.": "for the log"},
    "bot/moderation/portable.py": {"veo-bot rules": "by which a file is known"},
    "bot/moderation/report_decisions.py": {
        "Video ": "written down, so in English",
        "Film ": "the same",
        " was reported.": "the same",
    },
    "bot/jobs/ports.py": {
        "a file of ": "for the log",
        " bytes was refused as too large": "the same",
    },
    "bot/jobs/runner.py": {
        "renew leases": "a task's name",
        "could not read the queue": "for the log",
        "could not renew leases": "for the log",
        "another process has requests; if it was killed, they go on when its leases end": "the same",
    },
    "bot/jobs/steps/late.py": {"still no video": "for the log", "not in the provider's log": "for the log"},
    "bot/jobs/steps/lost_call.py": {
        "its create call may be under way": "for the log",
        "not in the provider's log": "for the log",
    },
    "bot/jobs/steps/submission.py": {
        "not in the provider's log": "for the log",
        "the provider did not take it": "for the log",
    },
    "bot/jobs/steps/gate.py": {"the provider takes nothing at the moment": "for the log"},
    "bot/app/application.py": {"this process has another role": "a fault of ours"},
    "bot/app/shared.py": {"The folder ": "for operators", " cannot be used: ": "for operators"},
    "bot/db/state.py": {"commands of ": "a note's name"},
    "bot/eta/duration_estimator.py": {"durations of videos": "a note's name"},
    "cogs/films/cog.py": {"Make a film with each line of a message as a shot": "for the list of commands"},
    "cogs/veo/cog.py": {
        "Make a video from a message's image": "for docs/commands.md",
        "Make a video with a message's text as the prompt": "for docs/commands.md",
    },
    "cogs/delivery/delivery.py": {"every place refused the message": "for the log"},
    "cogs/delivery/posting.py": {
        "every place refused the message": "for the log",
        "no direct message either: ": "for the log",
        "an earlier message may still get through in a channel that takes none now": "for the log",
    },
    "cogs/delivery/film_delivery.py": {"the film is not recorded any more": "for the log"},
    "bot/films/chain.py": {
        "generations.awaits_id IS NOT NULL AND generations.status IN ('preparing', 'queued')": "SQL",
    },
    "bot/films/finishing.py": {
        "it or a shot was taken down since the shots were joined": "for the log",
    },
    "bot/films/earlier_posts.py": {"an earlier try to post it may still get through": "for the log"},
    "bot/films/shot_files.py": {
        "The provider doesn't know the video any more.": "for the log",
        "The provider can't be asked for another address now.": "for the log",
        "The provider has no other address of the video.": "for the log",
        "Discord can't be asked for the video now.": "for the log",
        "The video is in no message.": "for the log",
    },
    "bot/films/runner.py": {
        "could not read films": "for the log",
        "could not look for shots to start": "for the log",
        "could not renew a film's lease": "for the log",
    },
    "bot/media/image_store.py": {
        "There are no videos.": "for the log",
    },
    "bot/eta/refresh.py": {"could not fetch the ": "for the log", "fetched the ": "for the log"},
}
