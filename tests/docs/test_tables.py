from docs.tables import README, with_tables


def test_the_readme_shows_the_models_options_and_settings_that_the_code_has() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_tables(text), "run `make docs` and commit the README"
