"""How tags and the title are written into a task's first paragraph, as the smallest change of its characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.errors import EditError
from mdtodo.markdown.keys.dialects import Token, end_with_punctuation, without_hard_breaks
from mdtodo.markdown.keys.read import Keys, read_keys
from mdtodo.markdown.keys.write import Splice, apply_splices, places, removal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def tag_splices(text: str, tag: str, *, there: bool) -> list[Splice]:
    """The splices, in order, that add the tag where a new key goes, or take away each of its kind.

    Nothing where it is so. Raises EditError for what is no tag, and where a key or the title would change.
    """
    if [(token.name, token.value) for token in read_keys(f"#{tag}").tokens] != [("tag", tag)]:
        raise EditError(f"{f'#{tag}'[:80]!r} is no tag")
    before = read_keys(text)
    if (tag in before.tags) is there:
        return []
    tags = {*before.tags, tag} if there else {*before.tags} - {tag}
    for splices in _tag_candidates(text, before, tag, there=there):
        after = read_keys(apply_splices(text, splices))
        if {*after.tags} == tags and _same_but(before, after, tags=after.tags):
            return splices
    verb = "added to" if there else "removed from"
    raise EditError(f"#{tag} cannot be {verb} this line without changing the rest of it")


def _tag_candidates(text: str, keys: Keys, tag: str, *, there: bool) -> Iterator[list[Splice]]:
    if not there:
        yield removal(text, [token for token in keys.tokens if (token.name, token.value) == ("tag", tag)])
        return
    for place in places(text, keys):
        yield [Splice(place, place, f" #{tag}" if text[:place].strip() else f"#{tag} ")]


def title_splices(text: str, title: str) -> list[Splice]:
    """The splices, in order, that put the title in the place of its first words, and take the others away.

    Nothing where it is the title. Raises EditError for one that would have keys, and where a key would change.
    """
    before, wanted = read_keys(text), " ".join(title.split())
    if before.title == wanted:
        return []
    if not wanted or read_keys(wanted).tokens:
        raise EditError(
            f"{wanted[:80]!r} has keys, and a title has none" if wanted else "a title needs some text"
        )
    first, *more = _words(text, before.tokens) or [Token("title", "", 0, 0, "plain")]
    new = wanted if first.end else f"{wanted} "
    splices = [Splice(first.start, first.end, new), *removal(text, more)]
    after = read_keys(apply_splices(text, splices))
    if after.title != wanted or not _same_but(before, after, title=wanted):
        raise EditError("the title cannot be changed without changing the rest of the line")
    return splices


def _words(text: str, tokens: Sequence[Token]) -> list[Token]:
    """The words of the title, as far as they stand together on one line."""
    found: list[Token] = []
    shown, start = without_hard_breaks(text), 0
    for token in [*tokens, Token("end", "", len(text), len(text), "plain")]:
        spans = [words.span() for words in _TOGETHER.finditer(shown, start, token.start)]
        found += [Token("title", "", *span, "plain") for span in spans]
        start = end_with_punctuation(text, token)
    return found


_TOGETHER = re.compile(r"[^\s](?:[^\n]*[^\s])?")


def _same_but(before: Keys, after: Keys, **change: object) -> bool:
    intended = before._replace(**change)  # type: ignore[arg-type]
    return after._replace(tokens=(), problems=()) == intended._replace(tokens=(), problems=())
