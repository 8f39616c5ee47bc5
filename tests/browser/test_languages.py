"""Two languages, and the page about the model."""

import json

import pytest

from tests.conftest import ROOT
from webapp import config

pytestmark = pytest.mark.browser


def test_a_second_language(server, open_page):
    page = open_page(server, locale="de-DE")
    assert page.inner_text("#start") == "Kamera starten"
    assert page.evaluate("document.documentElement.lang") == "de"


@pytest.mark.parametrize(
    ("asked", "locale", "language", "words"),
    [
        ("", "en-GB", "en", ("Limits of use", "Anger", "{}.{}%")),
        ("", "de-DE", "de", ("Grenzen", "Ärger", "{},{}\xa0%")),
        ("?lang=de", "en-GB", "de", ("Grenzen", "Ärger", "{},{}\xa0%")),
    ],
)
def test_the_about_page_says_what_the_card_says_in_the_reader_s_language(
    server, open_page, asked, locale, language, words
):
    page = open_page(server, locale=locale)
    page.goto(page.url + asked)
    with page.context.expect_page() as opened:
        page.click("a.about")  # a tab of its own: what is shown or recorded here stays
    first, page = page, opened.value
    page.wait_for_selector("main h2:not(:empty)")
    said = page.inner_text("main")
    card = json.loads((ROOT / "weights" / "moodlight.json").read_text())
    accuracy = f"{100 * card['accuracy']['PublicTest']:.1f}".split(".")
    for expected in ("ResNet9", card["name"], *(word.format(*accuracy) for word in words)):
        assert expected in said
    assert page.inner_text("#program-version") == config.version()
    assert page.inner_text("#model-version") == card["version"]
    filled = "[data-text], [data-number], [data-share], [data-expression]"
    assert all(text.strip() for text in page.locator(filled).all_inner_texts())
    assert page.evaluate("document.documentElement.lang") == language
    page.click("header a")  # and back
    page.wait_for_selector("#start:not(:empty)")
    assert page.evaluate("document.documentElement.lang") == language
    assert first.is_visible("#start")
    assert first.errors == []
