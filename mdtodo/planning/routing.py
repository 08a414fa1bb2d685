"""What a task is about, and which processor proves it.

Category and kind: the first tag `#category` or `#category/kind` whose category is known; else words of the title,
in the order of `_by_title`. Case, and `-` for `_`, make no difference in tags; a plural none in words.

Processor: what `run:` says on the line or its heading; else the first in the file whose `match` fits; else, with
`recipes = "auto"`, the recipe of its kind, where that is available; else none. A name is that of a configured
processor first, and of a recipe where none is configured. Words of the title are a guess, and a guess proves nothing:
for `match` and recipes a guessed category or kind counts only with `classify = "words"`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.config.categories import BREAKS, FALLBACK
from mdtodo.markdown.keys.inline import verbatim_ranges
from mdtodo.planning.route import Route
from mdtodo.recipes import NAMES
from mdtodo.recipes import processor as recipe_processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mdtodo.config.categories import Categories
    from mdtodo.config.processor_settings import Match, Processor
    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.title_pattern import TitlePattern

    #: words, category, kind, whether they count only at the start of a title
    Phrase = tuple[tuple[str, ...], str, str, bool]


class Router:
    """Routes tasks by one configuration; a table of words is made once.

    `available` says whether the recipe of a name could be carried out here; it is asked once for a name, and only with
    `recipes = "auto"`. Without it no recipe is taken but one that is named.
    """

    def __init__(self, config: Config, available: Callable[[str], bool] | None = None) -> None:
        self._config = config
        self._available = available if config.recipes == "auto" else None
        self._asked: dict[str, str | None] = {}
        self._categories = config.categories
        self._names = {_folded(category): category for category in config.categories}
        self._words = _phrases(config.categories)
        self._looked_up: dict[str, Sequence[Phrase]] = {}
        self._by_tag: dict[str, Route | None] = {}
        self._titles = _title_patterns(config)

    def route(self, task: Task) -> Route:
        """Category, kind and processor of a task. A processor that is not configured is none."""
        route = self.classify(task)
        if task.own_run is not None:
            known = processor_of(task, task.own_run, self._config)
            recipe = ", a recipe" if known and is_recipe(known.name, self._config) else ""
            because = f"run:{task.own_run}{recipe}"
            return route._replace(processor=known.name if known else None, because=because)
        guessed = self._config.classify == "tags" and not route.rule.startswith("tag ")
        name, because = self._chosen(task, _UNKNOWN if guessed else route)
        if name is not None or not guessed or route.category is None:
            return route._replace(processor=name, because=because)
        return route._replace(passed_over=self._chosen(task, route)[1])

    def _chosen(self, task: Task, route: Route) -> tuple[str | None, str]:
        """The processor for this category and kind, and why; None and "" where nothing is."""
        for name, processor in self._config.processors.items():
            if (
                processor.match is not None
                and _fits(processor.match, task, route)
                # The title last: its pattern takes longest, and the time for all titles has a bound.
                and (name not in self._titles or self._titles[name].found_in(task.title))
            ):
                return name, f"match of {name}"
        kind = route.kind or route.category or ""
        reason = self._recipe(kind)
        return (kind, reason) if reason else (None, "")

    def _recipe(self, kind: str) -> str | None:
        """Why tasks of this kind are done by the recipe of its name, or by the processor that takes its place; None
        if they are not."""
        if self._available is None or kind not in NAMES:
            return None
        if kind not in self._asked:
            if kind in self._config.processors:
                # A configured processor does not need what the recipe would.
                self._asked[kind] = f"instead of the recipe for {kind}"
            else:
                self._asked[kind] = f"recipe for {kind}" if self._available(kind) else None
        return self._asked[kind]

    def classify(self, task: Task) -> Route:
        """Category and kind alone."""
        for tag in task.tags:
            if tag not in self._by_tag:
                self._by_tag[tag] = self._tagged(tag)
            if (route := self._by_tag[tag]) is not None:
                return route
        return self._by_title(_readable(task.title))

    def _tagged(self, tag: str) -> Route | None:
        """What a tag says; tasks repeat tags, so each is asked for once."""
        first, _, rest = tag.partition("/")
        category = self._names.get(_folded(first))
        if category is None:
            return None
        return Route(category, self._kind(category, rest.partition("/")[0]), f"tag #{tag}")

    def _kind(self, category: str, written: str) -> str | None:
        """The kind that a tag names: a known one as the table spells it, else as written."""
        folded = _folded(written)
        known = next((kind for kind in self._categories[category] if _folded(kind) == folded), written)
        return None if known in ("", category) else known

    def _phrases_from(self, word: str) -> Sequence[Phrase]:
        """The phrases that begin with a word; titles repeat words, so each is looked up once."""
        found = self._looked_up.get(word)
        if found is None:
            found = self._looked_up[word] = self._words.get(_singular(word), ())
        return found

    def _by_title(self, title: str) -> Route:
        """What a title names: a word that decides where it comes first (`^test`); else the last one of the first
        part that names anything, as in "API tests for the parser"; else what `general` has, the first of it.
        """
        found: Route | None = None
        general: Route | None = None
        for route, ends_part in self._named_in(title):
            # A part that names nothing is passed over: `WIP: fix the API` is about an API.
            if ends_part and found is not None:
                break
            if route is None:
                continue
            if route.category == FALLBACK:
                general = general or route
            elif route.rule.startswith("first"):
                return route
            else:
                found = route
        return found or general or _UNKNOWN

    def _named_in(self, title: str) -> Iterator[tuple[Route | None, bool]]:
        """What the words of the title name, from left to right, the longest phrase at each place first; and None
        and True where a part ends."""
        words = _WORD_OR_END.findall(title.casefold())
        position = 0
        while position < len(words):
            word = words[position]
            for phrase, category, kind, first in self._phrases_from(word):
                after = position + len(phrase)
                if first and position:
                    continue
                if phrase == tuple(map(_singular, words[position:after])):
                    rule = f'{"first " if first else ""}word "{" ".join(words[position:after])}"'
                    yield Route(category, None if kind == category else kind, rule), False
                    position = after
                    break
            else:
                if word in BREAKS or not word[0].isalnum():
                    yield None, True
                position += 1


_UNKNOWN = Route(None, None, "")


def _readable(title: str) -> str:
    """The title without code, link targets, HTML and URLs, whose words say nothing of what the task is about."""
    at, words = 0, []
    for start, end in verbatim_ranges(title):
        words.append(title[at:start])
        at = end
    rest = " ".join([*words, title[at:]]) if at else title
    if "://" not in rest and "www." not in rest:
        return rest
    return " ".join([word for word in rest.split() if "://" not in word and "www." not in word])


def why_passed_over(route: Route) -> str:
    """Why a guess chose no processor, and what to do, as the rest of a sentence; "" where none would have."""
    if not route.passed_over:
        return ""
    guess = f"{route.category}/{route.kind}" if route.kind else route.category or ""
    tag = f"tag it #{guess}" if not re.search(r"\s", guess) else "add run:NAME to its line"
    return (
        f"its category {guess} is guessed from the title ({route.rule}), and a guess does not choose what proves a "
        f'task ({route.passed_over}): {tag}, or set `classify = "words"`'
    )


def processor_of(task: Task, name: str | None, config: Config) -> Processor | None:
    """The processor of this name for this task: a configured one, a recipe, or the block inside the task."""
    if name == "inline" and config.inline:
        from mdtodo.planning.inline_block import inline_processor

        found = inline_processor(task)
        return config.defaults.apply_to(found) if found else None
    if not name or name in config.processors:
        return config.processors.get(name or "")
    recipe = recipe_processor(name)
    return config.defaults.apply_to(recipe) if recipe else None


def is_recipe(name: str, config: Config) -> bool:
    """Whether the name means a recipe: no configured processor has taken its place."""
    return name in NAMES and name not in config.processors


def _title_patterns(config: Config) -> Mapping[str, TitlePattern]:
    """By processor, for those whose `match` has one."""
    patterns = {
        name: one.match.title
        for name, one in config.processors.items()
        if one.match is not None and one.match.title is not None
    }
    if not patterns:
        return {}
    from mdtodo.planning.title_pattern import TitlePattern

    sources = config.sources
    return {
        name: TitlePattern(name, pattern, sources.get(f"processors.{name}.match.title"))
        for name, pattern in patterns.items()
    }


def _fits(match: Match, task: Task, route: Route) -> bool:
    """All but the title."""
    if match.category is not None and match.category != route.category:
        return False
    if match.kind is not None and (route.kind is None or _folded(match.kind) != _folded(route.kind)):
        return False
    tags = {tag.casefold() for tag in task.tags} if match.tags else ()
    return all(tag.casefold() in tags for tag in match.tags)


def _phrases(categories: Categories) -> dict[str, list[Phrase]]:
    """First word -> phrases, the longest first, those for the start of a title before others; of equal ones, the
    last of the table, which is the user's."""
    found: dict[tuple[tuple[str, ...], bool], tuple[str, str]] = {}
    for category, kinds in categories.items():
        for kind, words in kinds.items():
            for word in words:
                phrase = tuple(_singular(one) for one in _tokens(word))
                found[phrase, word.startswith("^")] = (category, kind)
    phrases: dict[str, list[Phrase]] = {}
    for (phrase, first), named in sorted(found.items(), key=lambda item: (-len(item[0][0]), not item[0][1])):
        if phrase:
            phrases.setdefault(phrase[0], []).append((phrase, *named, first))
    return phrases


#: A word, or what ends a part of a title.
_WORD_OR_END = re.compile(r"[\w+#]+|[:;,()\u2013\u2014]")


def _tokens(text: str) -> list[str]:
    return re.findall(r"[\w+#]+", text.casefold())


def _singular(word: str) -> str:
    """Plural and singular as one: what may be a plural's ending is taken off."""
    if len(word) < 4 or word.endswith("ss") or not word.endswith("s"):
        return word
    # The words of the table and of the title both go through this, so the result need not be a word.
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")
