"""What need not be marked for translation, and why."""

# What nobody reads on Discord: modules, by what is in them instead.
SILENT = {
    "bot/cli.py": "the command line",
    "bot/log.py": "the log",
    "bot/serve.py": "the log",
    "bot/settings.py": "the operator's settings",
    "bot/terminal.py": "the command line",
    "bot/media/encoding.py": "errors for the log",
    "bot/media/files.py": "errors for the log",
    "bot/media/fit_plan.py": "errors for the log",
    "bot/media/fitting.py": "errors for the log",
    "bot/media/streams.py": "errors for the log",
    "bot/media/upload_limits.py": "the operator's settings",
    "bot/veo/client.py": "errors for the log and the command line",
    "bot/veo/errors.py": "errors for the log and the command line",
    "bot/veo/refusals.py": "errors for the log and the command line",
    "bot/veo/transport.py": "errors for the log and the command line",
    "bot/veo/words.py": "what stands in the provider's own words",
    "bot/migrations": "what Alembic reads",
    "bot/operating/channel_access.py": "the command line and the log",
    "bot/operating/backup.py": "the command line",
    "bot/media/confinement.py": "a shell's words",
    "bot/operating/database_checks.py": "the command line",
    "bot/operating/discord_api.py": "the command line",
    "bot/operating/discord_checks.py": "the command line",
    "bot/operating/doctor.py": "the command line",
    "bot/operating/key_check.py": "the command line",
    "bot/operating/machine.py": "the command line",
    "bot/operating/names.py": "the command line",
    "bot/operating/ownership.py": "the log",
    "bot/operating/port_check.py": "the command line",
    "bot/operating/reconcile.py": "the command line",
    "bot/operating/report.py": "the command line",
    "bot/storage": "the command line, and SQL",
    "bot/veo/downloads.py": "errors for the log",
    "bot/watch": "the log and the figures",
}
# Texts that are the same in every language, or that no member reads.
ALLOWED = {
    "bot/admission/spans.py": {"no limit": "what is understood", "no budget": "what is understood"},
    "bot/database.py": {
        "disk is full": "SQLite's own words",
        "No space left": "PostgreSQL's own words",
        "The database was written by a newer version of this program, and this one can't "
        "read it. Nothing changed. Run that version again, or restore the backup from "
        "before the upgrade.": "for operators",
        "The address ": "for operators",
        "the database cannot be read": "for the log",
        "the database cannot be written": "for the log",
    },
    "bot/models.py": {"delivered_at IS NULL OR late_until IS NOT NULL": "SQL"},
    "bot/media/pictures.py": {
        "not one of the known signatures": "for the log",
        "it moves": "for the log",
    },
    "bot/moderation/checkup.py": {"a video as most people ask for": "a prompt that is never sent"},
    "bot/moderation/provider_text.py": {
        "Turn it on at the provider, or set AIMLAPI_KEY to another key.": "for operators",
        "Add that scope at the provider, or set AIMLAPI_KEY to another key.": "for operators",
        "Raise its limit at the provider, or set AIMLAPI_KEY to another key.": "for operators",
    },
    "bot/moderation/report_decisions.py": {
        "Video ": "written down, so in English",
        " was reported.": "the same",
    },
    "bot/work/delivery.py": {
        "a file of ": "for the log",
        " bytes was refused as too large": "the same",
    },
    "bot/work/runner.py": {"renew leases": "a task's name"},
    "bot/work/steps/handover.py": {"The file cannot be had from its only address.": "for the log"},
    "bot/work/steps/late.py": {"still no video": "for the log", "not in the provider's log": "for the log"},
    "bot/work/steps/settlement.py": {
        "its create call may be under way": "for the log",
        "not in the provider's log": "for the log",
    },
    "bot/work/steps/submission.py": {
        "not in the provider's log": "for the log",
        "the provider did not take it": "for the log",
    },
    "bot/work/steps/gate.py": {"the provider takes nothing at the moment": "for the log"},
    "bot/usage/charts.py": {"lower center": "matplotlib's name of a place"},
    "bot/app.py": {"this process has another role": "a fault of ours"},
    "bot/composition/shared.py": {"The folder ": "for operators", " cannot be used: ": "for operators"},
    "bot/notes.py": {"commands of ": "a note's name"},
    "bot/timing/timetable.py": {"durations of videos": "a note's name"},
    "cogs/menus.py": {
        "Make a video from a message's image": "for docs/commands.md",
        "Make a video with a message's text as the prompt": "for docs/commands.md",
    },
    "cogs/ui/delivery.py": {
        "every place refused the message": "for the log",
        "no direct message either: ": "for the log",
    },
    "bot/timing/refresh.py": {" cannot be fetched": "for the log", " can be fetched again": "for the log"},
}
