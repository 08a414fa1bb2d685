"""Category, kind and processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config import DEFAULT, Config, load
from mdtodo.config.categories import CATEGORIES
from mdtodo.planning.routing import Router, classify, route
from tests.planning.outlines import moderately, outline

if TYPE_CHECKING:
    from mdtodo.model import Task

[PLAIN] = outline("- t")


def about(title: str, *tags: str) -> Task:
    return PLAIN._replace(title=title, tags=tags)


TITLES = [
    ("Create a dark theme", "frontend", "theme"),
    ("Fix the CSS of the header", "frontend", "css"),
    ("Add a modal component", "frontend", "component"),
    ("Rework the front-end", "frontend", None),
    ("Design the API", "backend", "api"),
    ("Two new endpoints", "backend", "api"),
    ("Tune databases", "backend", "database"),
    ("Split the service", "backend", "service"),
    ("User authentication", "security", "auth"),
    ("Encrypt backups", "security", "encryption"),
    ("Audit dependencies", "security", "audit"),
    ("Choose a model", "ai_ml", "model"),
    ("Train on more data", "ai_ml", "training"),
    ("Show predictions", "ai_ml", "prediction"),
    ("Machine learning for all", "ai_ml", None),
    ("Write the documentation", "documentation", None),
    ("All tests pass", "testing", None),
    ("Implementation of the rest", "general", "implementation"),
    ("Implement the login", "security", "auth"),
    ("API documentation", "documentation", None),
    ("Add tests for the API documentation", "testing", None),
    ("Tests: the database schema", "testing", None),
    ("Document the API tests", "documentation", None),
    ("The tests document the API", "backend", "api"),
    ("Choose a colour for the login button", "frontend", "component"),
    ("Log in with a password", "security", "auth"),
    ("Port the importer", "general", "implementation"),
    ("Open the port", None, None),
    ("Refactor the API of the server", "backend", "api"),
    ("Verify the dark modes", "testing", None),
    ("Buy milk", None, None),
    ("Protest, attest, latest", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("title", "category", "kind"), TITLES)
def test_words_of_the_title(title: str, category: str | None, kind: str | None) -> None:
    assert classify(about(title), CATEGORIES)[:2] == (category, kind)


TAGS = [
    (("backend",), "backend", None),
    (("backend/api",), "backend", "api"),
    (("Backend/API",), "backend", "api"),
    (("ai-ml/training",), "ai_ml", "training"),
    (("urgent", "security/audit", "backend"), "security", "audit"),
    (("testing/unit",), "testing", "unit"),
    (("backend/api/v2",), "backend", "api"),
    (("documentation/documentation",), "documentation", None),
    (("backend/",), "backend", None),
    (("urgent", "api"), "frontend", "css"),
]


@pytest.mark.parametrize(("tags", "category", "kind"), TAGS)
def test_a_tag_wins_over_the_title(tags: tuple[str, ...], category: str, kind: str | None) -> None:
    assert classify(about("Fix the CSS", *tags), CATEGORIES)[:2] == (category, kind)


def test_the_rule_says_what_decided() -> None:
    assert classify(about("Fix the CSS", "backend/api"), CATEGORIES)[2] == "tag #backend/api"
    assert classify(about("Fix the CSS"), CATEGORIES)[2] == 'word "css"'
    assert classify(about("Make it a dark mode, please"), CATEGORIES)[2] == 'word "dark mode"'
    assert classify(about("Document the API"), CATEGORIES)[2] == 'first word "document"'
    assert classify(about("API documents"), CATEGORIES)[2] == 'word "documents"'
    assert classify(about("Buy milk"), CATEGORIES)[2] == ""


def configured(text: str) -> Config:
    return load(None, text.encode())


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ('categories.infra = ["cluster", "dns zone"]', "Move the DNS zones", ("infra", "dns zone")),
        ('categories.infra = ["cluster"]', "Our infra", ("infra", None)),
        ('categories.infra = ["^deploy"]', "Deploy the API", ("infra", "deploy")),
        ('categories.infra = ["database"]', "The database", ("infra", "database")),
        ('categories.frontend = ["api"]', "The API", ("frontend", "api")),
        ('categories.frontend.theme = ["skin"]', "A new skin", ("frontend", "theme")),
        ('categories.frontend.theme = ["skin"]', "A new theme", (None, None)),
        ('categories.frontend.theme = ["skin"]', "New css", ("frontend", "css")),
        ("categories.backend.api = []", "The API", (None, None)),
        ('categories.frontend.theme = ["^paint"]', "Paint the API", ("frontend", "theme")),
        ('categories.frontend.theme = ["^paint"]', "The API paint", ("backend", "api")),
        ('categories.testing.testing = ["proof"]', "A proof", ("testing", None)),
        ('categories.games = ["c++"]', "Port it to C++", ("games", "c++")),
        ('categories.games = ["..."]', "Move it to C++ ...", (None, None)),
    ],
)
def test_categories_are_extended_and_changed(
    text: str, title: str, expected: tuple[str | None, str | None]
) -> None:
    assert classify(about(title), configured(text).categories)[:2] == expected


PROCESSORS = """
[processors.named]
run = "true"
[processors.unit]
run = "true"
match = { category = "testing", kind = "unit", tags = ["ci"], title = "(?i)tests? pass" }
[processors.apis]
run = "true"
match = { kind = "API" }
[processors.both]
run = "true"
match = { tags = ["a", "#B"] }
[processors.late]
run = "true"
match = { title = "^All" }
"""

ROUTES = [
    ("- t run:named", "named", "run:named"),
    ("- t run:nowhere", None, "run:nowhere"),
    ("- t run:nowhere All #a #b", None, "run:nowhere"),
    ("- t tests pass #testing/unit #ci", "unit", "match of unit"),
    ("- t tests pass #testing/unit", None, ""),
    ("- t tests pass #testing #ci", None, ""),
    ("- t tests fail #testing/unit #ci", None, ""),
    ("- t tests pass #backend/unit #ci", None, ""),
    ("- t #backend/api", "apis", "match of apis"),
    ("- t All the api", "apis", "match of apis"),
    ("- t All", "late", "match of late"),
    ("- t Not All", None, ""),
    ("- t All #b #A", "both", "match of both"),
    ("- t #a", None, ""),
]


@pytest.mark.parametrize(("text", "processor", "because"), ROUTES)
def test_processor(text: str, processor: str | None, because: str) -> None:
    [task] = outline(text)
    config = configured(PROCESSORS)
    found = Router(config).route(task)
    assert (found.processor, found.because) == (processor, because)
    assert route(task, config) == processor


def test_nothing_routes_without_processors() -> None:
    assert Router(DEFAULT).route(about("All tests pass")) == ("testing", None, 'word "tests"', None, "")


@moderately
@given(st.text("aApPiIsS #/-_\u00e9", max_size=20), st.lists(st.text("apiAPI-_/", max_size=9), max_size=3))
def test_any_title_and_tag_is_classified_within_the_table(title: str, tags: list[str]) -> None:
    category, kind, rule = classify(about(title, *tags), CATEGORIES)
    assert (category is None) == (rule == "")
    assert category is None or category in CATEGORIES
    assert kind is None or (kind and category)
