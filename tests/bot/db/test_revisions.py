"""What is known of the migrations without Alembic is what Alembic says."""

from alembic.script import ScriptDirectory

from bot.db.revisions import MIGRATIONS, known_revisions


def test_the_files_tell_the_same_revisions_as_alembic() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    ordered = [script.revision for script in scripts.walk_revisions()][::-1]
    assert known_revisions() == ordered, "a migration's file isn't named by its revision, or not in order"
    assert scripts.get_heads() == [known_revisions()[-1]]
