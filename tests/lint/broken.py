"""How each check can fail: a file, what is replaced in it by what, and a part of the finding.

Where nothing is replaced, the new text is appended; where there is no such file, it becomes one.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType

from tests.lint import documents, image, layers, locks, marks, repository, source, unit, workflows
from tests.lint.findings import Check

Row = tuple[Check, str, str, str, str]

CODE, CARDS, CONTRIBUTING = "bot/money.py", "cogs/cards/card.py", "CONTRIBUTING.md"
UNIT, CI, AUDIT = "deploy/veo-bot.service", ".github/workflows/ci.yml", ".github/workflows/audit.yml"
TITLES = source.every_module_and_class_is_named_by_its_docstring
LONG = "x = 1\n" * 301
LONG_FUNCTION = 'def long() -> None:\n    """Be long."""\n' + "    pass\n" * 50

ROWS: Mapping[ModuleType, Sequence[Row]] = {
    repository: [
        (repository.no_file_names_a_package_index, "new.md", "", "see py" + "pi.org", "index"),
        (repository.no_file_names_a_home_folder, "new.md", "", "in /" + "root/x", "home folder"),
        (repository.no_file_is_for_secrets, "deploy/.env.local", "", "A=1", "for secrets"),
    ],
    source: [
        (source.nothing_that_is_deployed_imports_what_is_not, CODE, "", "import sandbox.world", "sandbox is"),
        (
            source.nothing_that_is_deployed_imports_what_is_not,
            CODE,
            "",
            "from tests import x",
            "tests is not",
        ),
        (
            source.only_the_composition_root_ties_the_bot_to_its_cogs,
            CODE,
            "",
            "import cogs",
            "bot/app/application.py",
        ),
        (source.only_the_settings_read_the_environment, CODE, "", "import os\nos.environ", "settings"),
        (source.only_the_settings_read_the_environment, CODE, "", "from os import getenv", "settings"),
        (source.no_file_is_too_long_to_read_at_once, CODE, "", LONG, "more than 300"),
        (source.no_function_is_too_long_to_see_at_once, CODE, "", LONG_FUNCTION, "long has 51 lines"),
        (TITLES, CODE, "", 'class Cost:\n    """What it costs."""', "beginning with What"),
        (TITLES, "bot/new.py", "", '"""How it is done."""', "beginning with How"),
    ],
    layers: [
        (layers.every_package_has_a_layer, "bot/new.py", "", "x = 1", "bot.new is in no layer"),
        (
            layers.a_package_imports_from_below,
            CODE,
            "",
            "from bot.db import models",
            "bot.money is not above",
        ),
        (layers.a_package_imports_from_below, CARDS, "", "import cogs.videos.cog", "cogs.videos"),
        (layers.a_package_imports_from_below, CODE, "", "from bot import provider", "bot.provider"),
        (layers.every_package_is_in_the_table_of_folders, CONTRIBUTING, "`bot/home/`", "home", "bot/home/"),
        (layers.every_package_is_in_the_table_of_folders, CONTRIBUTING, "`appeals`", "those", "cogs/appeals"),
    ],
    marks: [
        (marks.every_text_is_marked, CARDS, "", 'x = "This is not marked."', "This is not marked."),
        (marks.every_text_is_marked, CARDS, "", 'x(label=f"{x} Bare")', "Bare"),
        (marks.a_mark_has_a_literal_or_a_name_of_one, CARDS, "", 'ngettext(x, "{count} y", 2)', "literal"),
        (marks.a_mark_gives_the_values_that_its_text_names, CARDS, "", '_("{one} x")', "is missing"),
        (marks.a_mark_gives_the_values_that_its_text_names, CARDS, "", '_("one", x=1)', "does not name"),
        (
            marks.every_exception_is_still_needed,
            "bot/db/state.py",
            "commands of ",
            "of ",
            "does not say this",
        ),
    ],
    documents: [
        (documents.every_table_is_as_the_code_has_it, "docs/commands.md", "| `google/veo3` |", "|", "docs"),
        (documents.every_table_is_as_the_code_has_it, "docs/operating.md", "<!-- alerts -->", "", "No page"),
        (
            documents.the_example_names_every_setting_and_nothing_else,
            ".env.example",
            "LOG_LEVEL=",
            "LOG=",
            "LOG_",
        ),
        (
            documents.the_example_explains_every_setting_in_the_words_of_the_code,
            *(".env.example", "\n#LOG_LEVEL=", "\n\n#LOG_LEVEL=", "The comment of LOG_LEVEL must begin"),
        ),
        (documents.the_threat_model_names_its_proofs, "SECURITY.md", "/", " ", "files only"),
        (
            documents.every_module_that_a_document_names_is_somewhere,
            CONTRIBUTING,
            "",
            "`x_y.py`",
            "has a x_y.py",
        ),
        (
            documents.every_file_that_a_document_names_is_here,
            CONTRIBUTING,
            "",
            "`bot/x.py`",
            "no file bot/x.py",
        ),
    ],
    locks: [
        (locks.every_line_is_a_pin_with_hashes, locks.RUNTIME, "", "--index-url x", "no pin with hashes"),
        (locks.the_runtime_lock_fulfils_every_requirement, locks.RUNTIME, "aiohttp==", "a==", "aiohttp<4"),
        (locks.the_development_lock_fulfils_every_extra, locks.DEVELOPMENT, "ruff==", "x==", "fulfils ruff"),
        (locks.what_is_tested_is_what_is_deployed, locks.DEVELOPMENT, "aiohttp==", "aiohttp==9", "aiohttp"),
    ],
    image: [
        (image.hadolint_has_nothing_to_say, "Dockerfile", "WORKDIR /data", "WORKDIR data", "hadolint says"),
        (image.the_build_sees_only_what_the_dockerfile_copies, ".dockerignore", "*\n", "", "left out first"),
        (image.the_build_sees_only_what_the_dockerfile_copies, ".dockerignore", "", "!docs", "not copied"),
        (image.the_build_sees_only_what_the_dockerfile_copies, ".dockerignore", "!cogs", "", "not let in"),
        (image.the_user_is_a_number, "Dockerfile", "USER 10001:10001", "USER veo", "The user veo"),
        (image.the_user_is_a_number, "Dockerfile", "USER 10001", "USER 0", "The user 0:10001"),
    ],
    unit: [
        (unit.every_line_is_a_word_with_a_value, UNIT, "User=veo-bot", "User", "sets nothing: User"),
        (unit.systemd_understands_every_line, UNIT, "NoNewPrivileges=", "NoNewPriviliges=", "Unknown key"),
        (unit.systemd_finds_little_to_attack, UNIT, "CapabilityBoundingSet=\n", "", "much to attack"),
        (unit.it_starts_what_the_image_starts, UNIT, "-m bot run", "-m bot doctor", "image's command"),
        (unit.it_starts_what_the_image_starts, UNIT, "PYTHONSAFEPATH=1", "", "both set PYTHONSAFEPATH"),
        (unit.it_writes_only_where_systemd_keeps_state, UNIT, "ProtectSystem=strict", "", "must be strict"),
        (unit.it_writes_only_where_systemd_keeps_state, UNIT, "DATA_DIR=%S", "DATA_DIR=%T", "DATA_DIR must"),
        (
            unit.it_writes_only_where_systemd_keeps_state,
            UNIT,
            "[Install]",
            "ReadWritePaths=/",
            "nothing else",
        ),
        (unit.it_writes_only_where_systemd_keeps_state, UNIT, "Mode=0700", "Mode=0755", "must be 0700"),
        (
            unit.the_commands_in_the_documents_leave_the_folder_closed,
            *("docs/operating.md", "-p StateDirectoryMode=0700 ", "", "lacks -p StateDirectoryMode=0700"),
        ),
        (unit.the_bot_gets_the_time_it_needs_to_stop, UNIT, "StopSec=30s", "StopSec=9s", "be killed"),
        (
            unit.a_refused_token_is_not_tried_again_and_again,
            UNIT,
            "ExitStatus=2",
            "ExitStatus=3",
            "must be 2",
        ),
        (
            unit.it_is_started_for_as_long_as_its_database_is_away,
            *(UNIT, "IntervalSec=5min", "IntervalSec=10min", "would end it for good"),
        ),
        (unit.the_unit_has_no_secrets, UNIT, "EnvironmentFile=", "EnvironmentFile=-", "leading minus"),
        (unit.the_unit_has_no_secrets, UNIT, "Environment=", "Environment=AIMLAPI_KEY=1 ", "does not belong"),
    ],
    workflows: [
        (workflows.actionlint_has_nothing_to_say, CI, "runs-on:", "run-on:", "unexpected key"),
        (
            workflows.zizmor_has_nothing_to_say,
            CI,
            "@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0",
            "@v7",
            "unpin",
        ),
        (workflows.the_schemas_allow_the_workflows, CI, "runs-on:", "run-on:", "The schema says"),
        (
            workflows.the_schemas_allow_the_workflows,
            *(".github/dependabot.yml", "directory:", "folder:", "The schema says"),
        ),
        (workflows.every_action_is_pinned_to_one_commit_and_says_its_version, AUDIT, " # v7", " # 7", "not"),
        (
            workflows.every_action_is_pinned_to_one_commit_and_says_its_version,
            *(AUDIT, "9c091bb21b7c", "0c091bb21b7c", "two versions of actions/checkout"),
        ),
        (
            workflows.rights_are_given_to_jobs_and_none_to_write_before_the_tests,
            *(AUDIT, "contents: read", "contents: write", "permissions must be"),
        ),
        (
            workflows.rights_are_given_to_jobs_and_none_to_write_before_the_tests,
            *(".github/workflows/image.yml", "needs: test", "needs: []", "must need the job"),
        ),
        (
            workflows.rights_are_given_to_jobs_and_none_to_write_before_the_tests,
            *(AUDIT, "    timeout-minutes: 15", "    permissions: {packages: write}", "no other, may write"),
        ),
        (workflows.what_is_run_is_what_a_developer_runs, AUDIT, "make audit", "make gone", "no target gone"),
        (workflows.what_is_run_is_what_a_developer_runs, AUDIT, "make audit", "true", "neither make nor"),
        (workflows.what_is_run_is_what_a_developer_runs, AUDIT, "run: make", "run: pip ", "pip belongs"),
        (workflows.every_supported_python_is_tested, CI, '"3.12", ', "", "tested versions"),
        (
            workflows.every_supported_python_is_tested,
            "pyproject.toml",
            ">=3.11",
            ">=3.10",
            "oldest supported",
        ),
    ],
}
