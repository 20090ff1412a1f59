"""How the checks of the catalogues, compose.yaml and what watches can fail; as `tests/lint/broken.py`."""

from collections.abc import Mapping, Sequence
from types import ModuleType

from tests.lint import catalogues, clocks, compose, dashboard, links, prometheus, quotes, shown
from tests.lint.broken import CARDS, Row
from tests.lint.messages import TEMPLATE

POT, DE = TEMPLATE.as_posix(), "bot/i18n/locales/de/LC_MESSAGES/veo-bot.po"
COMPOSE, EXAMPLE, README = "compose.yaml", ".env.example", "README.md"
RULES, PANELS, SCRAPE = prometheus.RULES, prometheus.DASHBOARD, prometheus.SCRAPE
PAUSED = 'msgstr "⏸️ **Pausiert.** Bis `/veo-admin resume` kann'
SOURCE = '"datasource": {\n            "type": "prometheus",\n            "uid": "'
SMALL = 'msgid "This didn\'t count toward your limit."\nmsgstr "'

PROMISES, LOGGED = "docs/promises.md", quotes.every_quoted_line_of_the_log_is_written
SHELL = shown.every_shell_command_can_be_typed
DISCORD = shown.every_command_for_discord_is_there_with_its_options

ROWS: Mapping[ModuleType, Sequence[Row]] = {
    clocks: [
        (clocks.only_the_clock_reads_the_date, "bot/money.py", "", "x = datetime.now(UTC)", "utc_now"),
        (
            clocks.what_is_simulated_takes_nothing_from_outside,
            "bot/jobs/queue.py",
            "",
            "from time import monotonic",
            "would not see time",
        ),
    ],
    links: [
        (links.every_link_leads_to_a_file_and_a_heading, README, "", "[x](docs/gone.md)", "file docs/gone"),
        (links.every_link_leads_to_a_file_and_a_heading, README, "", "![x](/etc/passwd)", "no file /etc"),
        (links.every_link_leads_to_a_file_and_a_heading, README, "", "[x](SECURITY.md#y)", "no heading for"),
        (links.the_readme_is_short, README, "", "word " * 1500, "move some to docs"),
        (links.every_page_names_its_readers_and_leads_back, "docs/new.md", "", "# New", "must begin"),
        (links.every_page_names_its_readers_and_leads_back, README, "docs/scaling.md", "x", "Nothing"),
    ],
    quotes: [
        (
            quotes.every_quoted_text_is_said,
            PROMISES,
            "I couldn't download it”",
            "I never could get it”",
            "shown",
        ),
        (LOGGED, PROMISES, "`no thread`", "`no thread here`", "Nothing writes"),
        (LOGGED, PROMISES, "", "`DATA_DIR: It … ran away`", "Nothing writes"),
        (
            LOGGED,
            PROMISES,
            "",
            "`DISCORD_TOKEN: Discord refuses it`",
            "Nothing writes",
        ),  # in docstrings
    ],
    shown: [
        (SHELL, README, "", "`make gone`", "no target gone"),
        (SHELL, README, "", "`FUZZ_SCALE=100 make gone`", "no target gone"),
        (SHELL, README, "", '`make demo ARGS="x`', "No shell can read"),
        (SHELL, README, "", "`.venv/bin/veo-bot doctr`", "no command doctr"),
        (SHELL, README, "", "```sh\ntrue && veo-bot doctor \\\n  --jsn  # checks\n```", "No such option"),
        (SHELL, README, "", "`sudo python -m bot run --role x`", "is not one of"),
        (SHELL, README, "", "`docker compose exec gone ls`", "no service gone"),
        (SHELL, README, "", "`docker compose up -d --scale gone=2`", "no service gone"),
        (SHELL, README, "", "`docker compose exec bot python -m bot gone`", "no command gone"),
        (SHELL, README, "", "`docker compose run --rm bot gone`", "no command gone"),
        (SHELL, README, "", "`docker compose gone`", "is expected here"),
        (SHELL, README, "", "`python -m pytest tests/gone.py`", "no file tests/gone.py"),
        (shown.every_profile_is_one_of_compose, README, "", "`COMPOSE_PROFILES=single,x`", "profile x"),
        (DISCORD, README, "", "`/veoadmin`", "no command /veoadmin"),
        (DISCORD, README, "", "`/veo-admin gone`", "no command /veo-admin gone"),
        (DISCORD, README, "", "`/quota set vdeos: 3 window: 7 days`", "no option vdeos"),
        (DISCORD, README, "", "`/quota set videos: 3 window: 8 days`", "cannot be 8 days"),
    ],
    catalogues: [
        (catalogues.the_template_has_all_texts_of_the_code, POT, "", "\n# more", "make translations"),
        (
            catalogues.every_catalogue_has_the_texts_of_the_template_and_no_others,
            *(
                DE,
                'msgid "This didn\'t count toward your limit."',
                'msgid "Nothing."',
                "This didn't count toward your limit.",
            ),
        ),
        (
            catalogues.every_text_is_translated,
            DE,
            f"{SMALL}Es wurde nicht auf dein Limit angerechnet.",
            SMALL,
            "count toward your limit",
        ),
        (
            catalogues.every_language_has_its_own_number_of_plural_forms,
            *(DE, 'msgstr[1] "Das ist zu lang:', 'msgstr[1] ""\nmsgstr[2] "', "3 plural forms"),
        ),
        (
            catalogues.every_translation_has_the_placeholders_of_the_text,
            *(DE, "Dauer ist {count} Tag", "Dauer ist {number} Tag", "Other placeholders"),
        ),
        (catalogues.every_translation_has_the_markup_of_the_text, DE, PAUSED, PAUSED[:-9], "Other code"),
        (catalogues.every_translation_has_the_markup_of_the_text, DE, "**Pausiert.**", "Pausiert", "bold"),
        (
            catalogues.commands_and_names_of_options_are_as_in_english,
            *(DE, PAUSED, PAUSED.replace("resume", "weiter"), "Other words in code"),
        ),
        (
            catalogues.every_translation_begins_with_the_emoji_of_the_text,
            *(DE, 'msgstr "⏸️ **', 'msgstr "▶️ **', "Another emoji"),
        ),
        (
            catalogues.no_translation_has_blanks_at_its_ends_that_the_text_has_not,
            *(DE, SMALL, f"{SMALL} ", "Other blanks"),
        ),
        (
            catalogues.a_language_has_one_word_for_a_thing,
            *(DE, '"Dieses Video ändern"', '"Diesen Clip ändern"', "'Clip'"),
        ),
        (
            catalogues.a_language_has_one_word_for_a_thing,
            *(DE.replace("/de/", "/it/"), "", 'msgid ""\nmsgstr ""', "OTHER_WORDS"),
        ),
        (
            catalogues.discord_takes_the_texts_of_the_commands,
            *(DE, '"Dieses Bild animieren"', f'"Dieses {"x" * 30}"', "Longer than 32"),
        ),
        (
            catalogues.discord_takes_the_texts_of_buttons_and_forms,
            *(DE, '"Dieses Video ändern"', f'"Dieses {"x" * 45}"', "Longer than 45"),
        ),
        (
            catalogues.the_template_has_the_texts_of_buttons_and_forms,
            *(CARDS, "", 'x(pgettext("button", "A new one"))', "A new one"),
        ),
    ],
    compose: [
        (compose.the_schema_allows_compose, COMPOSE, "read_only:", "readonly:", "The schema says"),
        (compose.every_container_is_confined, COMPOSE, "cap_drop: [ALL]", "cap_add: [ALL]", "left out"),
        (compose.every_container_is_confined, COMPOSE, "read_only: true", "", "read_only must be True"),
        (compose.every_container_is_confined, COMPOSE, "mem_limit: 1g", "", "host's memory"),
        (compose.every_container_is_confined, COMPOSE, "pids_limit: 512", "pids_limit: -1", "512 processes"),
        (compose.every_container_is_confined, COMPOSE, "max-size: 10m, ", "", "fill the disk"),
        (
            compose.nothing_is_published_beyond_the_host,
            COMPOSE,
            "127.0.0.1:3000:",
            "3000:",
            "beyond the host",
        ),
        (
            compose.other_peoples_images_have_a_version_and_a_health_check,
            *(COMPOSE, ":v3.14.0", ":latest", "has no version"),
        ),
        (
            compose.other_peoples_images_have_a_version_and_a_health_check,
            *(COMPOSE, "[CMD, wget", "[NONE, wget", "no health check"),
        ),
        (compose.exactly_one_service_speaks_with_members, COMPOSE, "[single]", "[scale]", "not exactly one"),
        (compose.exactly_one_service_speaks_with_members, COMPOSE, "--role, worker", "", "not exactly one"),
        (compose.exactly_one_service_speaks_with_members, COMPOSE, "role, worker", "role, gateway", "nobody"),
        (compose.nothing_runs_without_a_profile, COMPOSE, "profiles: [single]", "", "bot has no profile"),
        (
            compose.the_parts_of_the_bot_wait_for_the_database_they_share,
            *(COMPOSE, "service_healthy", "service_started", "does not wait"),
        ),
        (
            compose.the_parts_of_the_bot_wait_for_the_database_they_share,
            *(COMPOSE, "postgresql+asyncpg:", "sqlite:", "does not use"),
        ),
        (
            compose.the_parts_of_the_bot_wait_for_the_database_they_share,
            *(COMPOSE, "[default, storage]", "[default]", "does not reach"),
        ),
        (
            compose.the_parts_of_the_bot_wait_for_the_database_they_share,
            *(COMPOSE, "internal: true", "internal: false", "from elsewhere"),
        ),
        (
            compose.the_parts_of_the_bot_wait_for_the_database_they_share,
            *(COMPOSE, "replicas: 2", "replicas: 3", "two workers"),
        ),
        (
            compose.a_bot_writes_where_the_image_expects_it_and_can_be_watched,
            *(COMPOSE, "data:/data", "data:/x", "The volume of bot"),
        ),
        (
            compose.a_bot_writes_where_the_image_expects_it_and_can_be_watched,
            *(COMPOSE, "DATA_DIR: /data", "DATA_DIR: /x", "image's DATA_DIR"),
        ),
        (
            compose.a_bot_writes_where_the_image_expects_it_and_can_be_watched,
            *(COMPOSE, 'PORT: "8080"', 'PORT: "80"', "image's HTTP_PORT"),
        ),
        (
            compose.a_bot_writes_where_the_image_expects_it_and_can_be_watched,
            *(COMPOSE, "HTTP_HOST: 0.0.0.0", "HTTP_HOST: localhost", "not open to Prometheus"),
        ),
        (
            compose.the_example_explains_what_compose_takes_from_the_environment,
            *(COMPOSE, "POSTGRES_PASSWORD:-", "NEW:-", "NEW of compose.yaml"),
        ),
        (
            compose.the_example_explains_what_compose_takes_from_the_environment,
            *(COMPOSE, "POSTGRES_PASSWORD:-", "POSTGRES_PASSWORD:?", "required with every"),
        ),
        (compose.a_copied_example_starts_one_bot, EXAMPLE, "PROFILES=single", "PROFILES=scale", "one bot"),
        (compose.every_file_that_is_mounted_is_here, COMPOSE, "./deploy/prometheus", "./gone", "is not here"),
        (
            compose.every_file_that_is_mounted_is_here,
            COMPOSE,
            "prometheus:ro",
            "prometheus",
            "lets a container",
        ),
    ],
    prometheus: [
        (prometheus.every_question_can_be_asked, RULES, "veobot_health_check_up ==", "==", "no question"),
        (
            prometheus.it_asks_for_what_the_program_has,
            *(RULES, "veobot_health_check_up", "veobot_gone", "no series veobot_gone"),
        ),
        (prometheus.it_asks_for_what_the_program_has, RULES, 'state="queued"', 'state="x"', "no state x"),
        (prometheus.it_asks_for_what_the_program_has, RULES, 'job="veo-bot"', 'job="x"', "no job x"),
        (prometheus.it_groups_by_labels_that_there_are, RULES, "by (state)", "by (stat)", "no label stat"),
        (prometheus.what_only_grows_is_never_shown_as_it_is, RULES, "rate(veo", "max(veo", "needs rate"),
        (
            prometheus.what_only_grows_is_never_shown_as_it_is,
            RULES,
            "max(veobot_q",
            "sum(veobot_q",
            "added up",
        ),
        (
            prometheus.every_alert_says_what_to_do,
            RULES,
            "summary: No bot",
            "title: No bot",
            "needs a summary",
        ),
        (prometheus.every_alert_says_what_to_do, RULES, "critical", "loud", "needs a severity"),
        (prometheus.only_failures_of_their_own_alarm, RULES, "|shot_before", "", "no failure of its own"),
        (prometheus.every_alert_says_what_to_do, RULES, "VeoBotDown", "VeoBotGone", "two rules VeoBotGone"),
    ],
    dashboard: [
        (dashboard.every_panel_is_explained, PANELS, '"id": 2,', '"id": 3,', "2 panels of the number 3"),
        (dashboard.every_panel_is_explained, PANELS, '"title": "Health"', '"title": ""', "The panel 2 needs"),
        (dashboard.every_panel_has_a_place_of_its_own, PANELS, '"w": 3', '"w": 4', "Health lies over"),
        (
            dashboard.the_dashboard_asks_the_prometheus_that_is_set_up,
            *(PANELS, f'{SOURCE}prometheus"', f'{SOURCE}gone"', "The source gone"),
        ),
        (
            dashboard.the_dashboard_asks_the_prometheus_that_is_set_up,
            *(dashboard.SOURCES.as_posix(), "prometheus:9090", "localhost:9090", "Prometheus is at"),
        ),
        (
            dashboard.the_files_are_where_the_containers_look_for_them,
            *(SCRAPE, "[bot, gateway, worker]", "[bot]", "must look for bot, gateway, worker"),
        ),
        (
            dashboard.the_files_are_where_the_containers_look_for_them,
            *(SCRAPE, "port: 8080", "port: 80", "another port"),
        ),
        (
            dashboard.the_files_are_where_the_containers_look_for_them,
            *(dashboard.PROVIDERS.as_posix(), "/etc/veo-bot", "/etc/x", "mounted elsewhere"),
        ),
        (
            dashboard.the_files_are_where_the_containers_look_for_them,
            *(COMPOSE, "/etc/veo-bot/veo-bot.json", "/etc/veo-bot/x.json", "no dashboard"),
        ),
    ],
}
