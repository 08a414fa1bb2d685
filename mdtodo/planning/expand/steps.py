"""Which tasks are broken down, and into which steps: lines of markdown, written under the task by `AddSubtasks`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.core.task import Complexity, State, Status
from mdtodo.errors import EditError
from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.keys.write import write_key
from mdtodo.planning.expand.patterns import grammar

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.markdown.keys.read import Keys
    from mdtodo.planning.expand.patterns import Pattern
    from mdtodo.planning.plan import Plan

#: Characters of a title; a longer one is no title, and would stand in every step.
LONGEST_TITLE = 1000

#: Characters of a title that its steps repeat.
LONGEST_SUBJECT = 80

#: Minutes of an estimate, 1000 days: a longer one is a slip, or no task.
LONGEST_ESTIMATE = 1000 * 8 * 60

_LARGE = (Complexity.COMPLEX, Complexity.EPIC)


def tasks_with_expand(plan: Plan) -> list[Task]:
    """The open tasks without subtasks that say `expand:`, which nobody is at."""
    return [task for task in plan.tasks.values() if task.expand and _may_be_expanded(plan, task)]


def large_tasks(plan: Plan, known: Mapping[str, Pattern]) -> list[Task]:
    """The open tasks without subtasks that are complex or epic, which nobody is at.

    Not the steps that a pattern has made of a larger one: who wants these smaller names them, so that a
    breakdown comes to an end.
    """
    return [
        task
        for task in plan.tasks.values()
        if task.complexity in _LARGE
        and _may_be_expanded(plan, task)
        and not _is_step(task, plan, known.values())
    ]


def tasks_to_expand(plan: Plan, known: Mapping[str, Pattern], chosen: Container[str] | None) -> list[Task]:
    """What a run breaks down before it starts, of the tasks that it takes (None: of all).

    Those that say `expand:`, and those that are complex or epic and that no processor would do as they are.
    """
    found = {task.id: task for task in tasks_with_expand(plan)}
    for task in large_tasks(plan, known):
        if plan.routes[task.id].processor is None and task.own_run is None:
            found[task.id] = task
    return [task for name, task in plan.tasks.items() if name in found and (chosen is None or name in chosen)]


def steps(
    task: Task, pattern: Pattern, *, delimiter: str = ".", dialect: str | None = None
) -> tuple[str, ...]:
    """The lines of an ordered list that the pattern makes of the task, in order.

    The task's estimate is shared out by weight, exactly to the minute; without one the steps have none but
    their own. `dialect`: how keys are written. Raises EditError for a task that cannot be broken down so: a title
    or an estimate that can be none, steps that estimate more than the task.
    """
    if len(task.title) > LONGEST_TITLE:
        raise _cannot(
            task, f"a title of {len(task.title)} characters is too long to be broken down: shorten it"
        )
    topic = subject(task.title)
    texts = [filled(step.text, topic) for step in pattern.steps]
    minutes = _shares(task, pattern, [read_keys(text) for text in texts])
    return tuple(
        f"{number}{delimiter} [ ] "
        # with its share; one that comes to less than a minute says nothing
        + (text if share is None else write_key(text, "est", format_estimate(share), dialect))
        for number, (text, share) in enumerate(zip(texts, minutes, strict=True), 1)
    )


def share(minutes: int, weights: Sequence[float]) -> list[int]:
    """The minutes shared out by weight: whole ones, with the sum kept (largest remainder, Hamilton's method).

    Of equal remainders the first gets the minute. The weights are not negative, and not all zero.
    """
    from fractions import Fraction

    # Not floats: remainders that are equal would differ in the last digit, and another step get the minute.
    exact = [Fraction(weight) for weight in weights]
    total = sum(exact)
    quotas = [minutes * weight / total for weight in exact]
    shares = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda at: (shares[at] - quotas[at], at))
    for at in by_remainder[: minutes - sum(shares)]:
        shares[at] += 1
    return shares


def subject(title: str) -> str:
    """What a title is about, for a step to repeat: without its verb, on one line, not too long.

    >>> subject("Implement the orders API")
    'the orders API'
    >>> subject("Migrate to Postgres")
    '"Migrate to Postgres"'
    """
    words = _words(title)
    verbs, links = grammar()
    for length in (2, 1):
        if tuple(word.casefold() for word in words[:length]) in verbs and len(words) > length:
            if words[length].casefold() in links:
                return f'"{_shortened(words)}"'
            return _shortened(words[length:])
    return _shortened(words) or "this task"


def shortened_title(title: str) -> str:
    """The whole title, on one line, for a template to repeat."""
    return _shortened(_words(title)) or "this task"


def _words(title: str) -> list[str]:
    return _LINK.sub(r"\1", _CONTROL.sub(" ", title)).split()


def _may_be_expanded(plan: Plan, task: Task) -> bool:
    state = plan.states[task.id]
    return task.status is Status.TODO and not task.children and state is not State.RUNNING


def _is_step(task: Task, plan: Plan, known: Iterable[Pattern]) -> bool:
    """Whether one of the patterns has made this task of its parent."""
    first = task.title.split(maxsplit=1)[:1]
    if task.parent is None or not first:
        return False
    alike = [
        step
        for pattern in known
        for step in pattern.steps
        if step.text.split(maxsplit=1)[0] == first[0] or not step.text[0].isalnum()
    ]
    topic = subject(plan.tasks[task.parent].title) if alike else ""
    return any(read_keys(filled(step.text, topic)).title == task.title for step in alike)


def _shortened(words: Sequence[str]) -> str:
    text = " ".join(words).rstrip(".:;,?!")
    if len(text) <= LONGEST_SUBJECT:
        return text
    return (
        text[: LONGEST_SUBJECT - 1].rpartition(" ")[0] + "…"
        if " " in text[1:LONGEST_SUBJECT]
        else (text[: LONGEST_SUBJECT - 1] + "…")
    )


def filled(text: str, topic: str) -> str:
    """A step's text for this subject, with no more keys and no more markup of blocks than the step has itself.

    A subject that would be read as a key stands in a code span, where nothing is one.
    """
    wanted = _keys_and_values(read_keys(text.replace(_PLACEHOLDER, "it")))
    first = text.lstrip().startswith(_PLACEHOLDER)
    for one in _quotings(topic, first=first):
        made = text.replace(_PLACEHOLDER, one)
        if _keys_and_values(read_keys(made + " .")) == wanted == _keys_and_values(read_keys(made)):
            return made
    return text.replace(_PLACEHOLDER, "this task")


def _quotings(topic: str, *, first: bool) -> Iterator[str]:
    if not (first and _BLOCK.match(topic)):
        yield topic
    # A code span ends at a run of as many backticks as it begins with, and no other (GFM 6.3).
    fence = "`" * (max(map(len, re.findall("`+", topic)), default=0) + 1)
    # Beside a backtick; one space on each side is no part of the code (GFM 6.3).
    pad = " " if topic.startswith("`") or topic.endswith("`") else ""
    yield f"{fence}{pad}{topic}{pad}{fence}"


def _keys_and_values(keys: Keys) -> list[tuple[str, str]]:
    return [(token.name, token.value) for token in keys.tokens]


def _shares(task: Task, pattern: Pattern, keys: Sequence[Keys]) -> list[int | None]:
    """The minutes that each step is to say; None for one that says its own, or has none."""
    if task.estimate is None:
        return [None] * len(keys)
    if not 0 < task.estimate <= LONGEST_ESTIMATE:
        raise _cannot(
            task,
            "an estimate of 0 cannot be split up: correct it, or remove it"
            if not task.estimate
            else f"an estimate of more than {format_estimate(LONGEST_ESTIMATE)} is too long for one task: correct it",
        )
    left = task.estimate - sum(one.estimate or 0 for one in keys)
    free = [number for number, one in enumerate(keys) if one.estimate is None]
    weights = [pattern.steps[number].weight for number in free]
    if left < 0 or (left and not any(weights)):
        said = format_estimate(task.estimate - left)
        whole = format_estimate(task.estimate)
        raise _cannot(
            task,
            f"the steps of {pattern.name} add up to {said}, but the task is estimated at {whole}: correct one of them",
        )
    shared = dict(zip(free, share(left, weights), strict=True)) if left else {}
    return [shared.get(number) or None for number in range(len(keys))]


def _cannot(task: Task, sentence: str) -> EditError:
    return EditError(sentence, file=task.file, line=task.line)


_PLACEHOLDER = "{task}"
# Also U+2028 and U+2029, which editors break lines at, and halves of surrogate pairs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\([^()\s]*+\)")
#: What begins a block, where a step begins with its subject.
_BLOCK = re.compile(r"[-+*>#=|~`<\[]|[0-9]{1,9}[.)]")
