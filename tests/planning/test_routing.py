"""Category, kind and processor."""

from __future__ import annotations

import re
import sys
import warnings
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.categories import CATEGORIES
from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT, Config
from mdtodo.errors import ConfigError
from mdtodo.planning import title_pattern
from mdtodo.planning.routing import Router, is_recipe, processor_of, why_passed_over
from mdtodo.recipes import NAMES
from tests.planning.outlines import moderately, outline

if TYPE_CHECKING:
    from mdtodo.config.categories import Categories
    from mdtodo.core.task import Task

[PLAIN] = outline("- t")


def about(title: str, *tags: str) -> Task:
    return PLAIN._replace(title=title, tags=tags)


def classify(task: Task, categories: Categories) -> tuple[str | None, str | None, str]:
    category, kind, rule, *_ = Router(Config(categories=categories)).classify(task)
    return category, kind, rule


def route(task: Task, config: Config) -> str | None:
    return Router(config).route(task).processor


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
def test_words_of_the_title_decide_the_category(title: str, category: str | None, kind: str | None) -> None:
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


@pytest.mark.parametrize(
    ("title", "category", "kind"),
    [
        ("Merge `login.css`", None, None),
        ("Fix ``the `login` page``", None, None),
        ("Fix the `login` endpoint", "backend", "api"),
        ("See [the notes](docs/login-tests.md 'All tests')", None, None),
        ("See [the docs](login.css)", "documentation", None),
        ("Look at https://example.com/login/tests.css?api=1", None, None),
        ("Look (https://example.com/login) at www.example.com/api", None, None),
        ("Look at <https://example.com/login> and <b class='css'>it</b>", None, None),
        ("Sort out [[Login tests]]", None, None),
        ("`x`: Document the API", "backend", "api"),
        ("Fix `unclosed login", "security", "auth"),
    ],
)
def test_words_in_code_link_targets_and_urls_classify_nothing(
    title: str, category: str | None, kind: str | None
) -> None:
    assert classify(about(title), CATEGORIES)[:2] == (category, kind)


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
    ("- t All the api", "late", "match of late"),
    ("- t All", "late", "match of late"),
    ("- t Not All", None, ""),
    ("- t All #b #A", "both", "match of both"),
    ("- t #a", None, ""),
]


@pytest.mark.parametrize(("text", "processor", "because"), ROUTES)
def test_the_most_explicit_route_decides_the_processor(
    text: str, processor: str | None, because: str
) -> None:
    [task] = outline(text)
    config = configured(PROCESSORS)
    found = Router(config).route(task)
    assert (found.processor, found.because) == (processor, because)
    assert route(task, config) == processor


def test_without_processors_no_task_is_routed() -> None:
    assert Router(DEFAULT).route(about("All tests pass")) == ("testing", None, 'word "tests"', None, "", "")


@moderately
@given(st.text("aApPiIsS #/-_\u00e9", max_size=20), st.lists(st.text("apiAPI-_/", max_size=9), max_size=3))
def test_any_title_and_tag_is_classified_within_the_table(title: str, tags: list[str]) -> None:
    category, kind, rule = classify(about(title, *tags), CATEGORIES)
    assert (category is None) == (rule == "")
    assert category is None or category in CATEGORIES
    assert kind is None or (kind and category)


SCAN = """
[processors.scan]
run = "true"
match = { category = "security" }
[processors.css]
run = "true"
match = { kind = "css", title = "header" }
[processors.zones]
run = "true"
match = { kind = "dns zone" }
[categories]
infra = ["dns zone"]
"""

GUESSES = [
    ("- t Fix the login page layout", None, "match of scan"),
    ("- t Fix the login page layout #frontend", None, ""),
    ("- t Fix the login page layout #security", "scan", ""),
    ("- t Fix the css of the header", None, "match of css"),
    ("- t Fix the css of the footer", None, ""),
    ("- t Header #frontend/css", None, ""),
    ("- t The header #frontend/css", "css", ""),
    ("- t Move the DNS zone", None, "match of zones"),
    ("- t Buy milk", None, ""),
]


@pytest.mark.parametrize(("text", "processor", "passed_over"), GUESSES)
def test_a_guessed_category_chooses_no_processor_unless_it_is_allowed(
    text: str, processor: str | None, passed_over: str
) -> None:
    [task] = outline(text)
    found = Router(configured(SCAN)).route(task)
    assert (found.processor, found.passed_over) == (processor, passed_over)
    guessing = Router(configured('classify = "words"\n' + SCAN)).route(task)
    assert guessing.processor == (passed_over.removeprefix("match of ") or processor)
    assert guessing[:3] == found[:3], "views go on using the guess"
    assert guessing.passed_over == ""


def test_the_reason_names_the_tag_that_helps() -> None:
    def why(text: str) -> str:
        return why_passed_over(Router(configured(SCAN)).route(outline(text)[0]))

    assert why("- t Fix the login page layout") == (
        'its category security/auth is guessed from the title (word "login"), and a guess does not choose what proves '
        'a task (match of scan): tag it #security/auth, or set `classify = "words"`'
    )
    assert ": add run:NAME to its line, or set" in why("- t Move the DNS zone")
    assert why("- t Fix the login page layout #security") == why("- t Buy milk") == ""


RECIPES = """
recipes = "auto"
classify = "words"
[processors.training]
run = "true"
[processors.mine]
run = "true"
match = { tags = ["mine"] }
"""

RECIPE_ROUTES = [
    ("- t run:css", "css", "run:css, a recipe"),
    ("- t run:training", "training", "run:training"),
    ("- t run:csss", None, "run:csss"),
    ("- t Fix the css", "css", "recipe for css"),
    ("- t Fix the css #mine", "mine", "match of mine"),
    ("- t Fix the css run:theme", "theme", "run:theme, a recipe"),
    ("- t #frontend/css", "css", "recipe for css"),
    ("- t #frontend", None, ""),
    ("- t #frontend/other", None, ""),
    ("- t #testing/unit", None, ""),
    ("- t All tests pass", "testing", "recipe for testing"),
    ("- t Write the manual", "documentation", "recipe for documentation"),
    ("- t Train the model", "training", "instead of the recipe for training"),
    ("- t Audit the dependencies", None, ""),
    ("- t Buy milk", None, ""),
    ("- t #general", None, ""),
]


@pytest.mark.parametrize(("text", "processor", "because"), RECIPE_ROUTES)
def test_with_auto_a_kind_that_nothing_else_routes_gets_its_recipe_if_it_is_available(
    text: str, processor: str | None, because: str
) -> None:
    [task] = outline(text)
    found = Router(configured(RECIPES), lambda name: name not in ("audit", "training")).route(task)
    assert (found.processor, found.because) == (processor, because)
    careful = configured(RECIPES.replace('"words"', '"tags"'))
    found = Router(careful, lambda name: name not in ("audit", "training")).route(task)
    certain = "#" in text or "run:" in text or processor is None
    expected = (processor, because, "") if certain else (None, "", because)
    assert (found.processor, found.because, found.passed_over) == expected


@pytest.mark.parametrize("text", [text for text, _, because in RECIPE_ROUTES if "run:" not in text])
def test_the_default_never_routes_by_kind(text: str) -> None:
    [task] = outline(text)
    config = configured(RECIPES.replace("auto", "explicit"))
    assert Router(config, lambda name: True).route(task).processor in (None, "mine")


def test_a_recipe_is_named_without_any_configuration_and_without_asking_for_it() -> None:
    [task] = outline("- t run:audit")
    assert Router(DEFAULT, lambda name: False).route(task)[3:] == ("audit", "run:audit, a recipe", "")


def test_each_recipe_is_asked_for_once() -> None:
    asked: list[str] = []
    router = Router(configured(RECIPES), lambda name: bool(asked.append(name)))
    for text in (
        "- t Fix the css",
        "- t Fix more css",
        "- t Fix the api",
        "- t Train the model",
        "- t Buy milk",
    ):
        assert router.route(outline(text)[0]).processor in (None, "training")
    assert asked == ["css", "api"]


def test_the_recipe_and_what_takes_its_place() -> None:
    [task] = outline("- t")
    for name in NAMES:
        found = processor_of(task, name, DEFAULT)
        assert found is not None
        assert found.run == (sys.executable, "-P", "-m", "mdtodo.recipes", name)
    config = configured(RECIPES)
    found = processor_of(task, "training", config)
    assert found is not None
    assert found.run == "true"
    assert (is_recipe("css", config), is_recipe("training", config), is_recipe("no", config)) == (
        True,
        False,
        False,
    )
    assert processor_of(task, "no", config) is None


ENDLESS = r"^(?:a|aa)+$"


def test_a_title_pattern_that_would_take_for_ever_is_a_sentence() -> None:
    config = load(None, f"processors.p.run = 'true'\nprocessors.p.match.title = '{ENDLESS}'\n".encode())
    assert route(about("a" * 60), config) == "p"
    began = process_time()
    with pytest.raises(ConfigError) as caught:
        route(about("a" * 100 + "!"), config)
    assert process_time() - began < 5
    assert str(caught.value) == (
        f'.mdtodo.toml: `processors.p.match.title`: takes too long to look for in the title "{"a" * 57}..."'
    )
    named = about("a" * 100 + "!")._replace(own_run="p")
    assert route(named, config) == "p", "a task that says so needs no pattern"


def test_many_titles_that_take_long_each_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(title_pattern, "SECONDS_IN_ALL", 0.2)
    pattern = title_pattern.TitlePattern("p", ENDLESS)
    with pytest.raises(ConfigError, match="takes too long"):
        any(pattern.found_in("a" * 24 + "!") for _ in range(100_000))


@pytest.mark.parametrize(
    ("pattern", "title", "fits"),
    [
        (r"(?i)^tests? PASS", "Test pass", True),
        (r"(?<!un)done(?= now)", "undone now", False),
        (r"(\w+) \1", "again again", True),
        (r"[[a]x]", "ax]", True),
        (r"(?P<n>x)(?P=n)", "xx", True),
        ("stra\u00dfe", "STRASSE", False),
    ],
)
def test_a_title_pattern_means_what_it_means_to_re(pattern: str, title: str, *, fits: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (re.search(pattern, title) is not None) == fits
        assert title_pattern.TitlePattern("p", pattern).found_in(title) == fits
