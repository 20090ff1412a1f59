from docs.marked_texts import marked_texts


def test_marks_are_found_wherever_they_are() -> None:
    source = """
# Translators: said
# to nobody
_("one")
TABLE = {1: N_("two")}
text = f"{_('three')} and {ngettext('{count} four', '{count} fours', 4)}"
_(
    # Translators: with a value
    "{five} five",
    five=pgettext("button", "six"),
)
_(TABLE[1])
"""
    found = [(text.forms, text.context, text.comments) for text in marked_texts(source)]
    assert found == [
        (("one",), None, ("Translators: said", "to nobody")),
        (("two",), None, ()),
        (("three",), None, ()),
        (("{count} four", "{count} fours"), None, ()),
        (("{five} five",), None, ("Translators: with a value",)),
        (("six",), "button", ()),
    ]
