"""docs/benchmarks.md and its picture, from the figures of benchmarks/bench.json."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
<!-- made by: make bench -->
# Benchmarks

mdtodo beside other programs, for what both can do. Every command is a whole process with all that it starts, in turn with
the others of its table, {rounds} rounds after one that is not counted: the median by the clock in milliseconds, the least
and the most, and the median of the processors' time. The last column is the clock beside that of the table's first
command: what is below 1 is faster, and the reason stands below the table.

Measured on {date}: {processors} processors{model}, {system}, Python {python}, load {load} before the
start; mdtodo at commit {commit}.

```shell
make bench
```

makes this page again, in some minutes: it installs the other programs from the package registries into `.cache/bench`,
and nothing anywhere else.

![Medians, with the least and the most](benchmarks.svg)
"""  # noqa: E501
LEFT, WIDTH, BAR = 250, 330, 18


def write(figures: dict[str, Any], docs: Path) -> None:
    (docs / "benchmarks.md").write_text(page(figures), encoding="utf-8")
    (docs / "benchmarks.svg").write_text(picture(figures), encoding="utf-8")


def page(figures: dict[str, Any]) -> str:
    machine = dict(figures["machine"])
    machine["model"] = f" ({machine['model']})" if machine["model"] else ""
    parts = [HEAD.format(rounds=figures["rounds"], **machine)]
    parts += [_table(group) for group in figures["groups"]]
    parts.append(_versions(figures))
    return "\n".join(parts)


def _table(group: dict[str, Any]) -> str:
    lines = [f"## {group['title']}", ""]
    if group["about"]:
        lines += [group["about"], ""]
    lines += [
        "| what | clock, ms | least to most | processors, ms | beside the first |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    first = group["rows"][0].get("clock")
    reasons = []
    for row in group["rows"]:
        name = _code(row["name"])
        if "missing" in row:
            lines.append(f"| {name} | not measured here | | | |")
            reasons.append(f"- {name}, not measured here: {row['missing']}.")
            continue
        median, least, most = row["clock"]
        ratio = median / first[0] if first else 0.0
        beside = "" if row is group["rows"][0] else f"**{ratio:.2f}**" if ratio < 1 else f"{ratio:.2f}"
        lines.append(
            f"| {name} | {_ms(median)} | {_ms(least)} to {_ms(most)} | {_ms(row['cpu'][0])} | {beside} |"
        )
        if ratio < 1 and row["why"]:
            reasons.append(f"- {name}, faster: {row['why']}.")
    commands = [
        f"- {_code(row['name'])}: {_code(row['command'])}" for row in group["rows"] if _says_more(row)
    ]
    return "\n".join(
        [*lines, *[""] * bool(reasons), *reasons, *["", "As called:", ""] * bool(commands), *commands, ""]
    )


def _says_more(row: dict[str, Any]) -> bool:
    return (
        not row["ours"]
        and row["command"].partition(" ")[0] != "PEERS/python"
        and row["command"] != row["name"]
    )


def _versions(figures: dict[str, Any]) -> str:
    lines = ["## Versions", "", "| program | version |", "| --- | --- |"]
    lines += [f"| {name} | {version} |" for name, version in figures["versions"].items()]
    if figures["missing"]:
        lines += ["", "Not measured here:", ""]
        lines += [f"- {name}: {reason}." for name, reason in figures["missing"].items()]
    return "\n".join([*lines, ""])


def _code(words: str) -> str:
    """Only what can be typed is code."""
    plain = words == "cmark-gfm" or words[:1].isupper() or any(mark in words for mark in (": ", ", ", "'s "))
    return words if plain else f"`{words}`"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}" if seconds < 0.01 else f"{seconds * 1000:,.0f}"


def picture(figures: dict[str, Any]) -> str:
    """A bar for each command, as long as its median, with the least and the most; each group has its own scale."""
    lines: list[str] = []
    y = 10
    for group in figures["groups"]:
        rows = [row for row in group["rows"] if "clock" in row]
        if not rows:
            continue
        longest = max(row["clock"][0] for row in rows)
        lines.append(f'<text x="10" y="{y + 14}" font-weight="bold">{escape(group["title"])}</text>')
        y += 22
        for row in rows:
            lines += _bar(row, y, longest)
            y += BAR
        y += 14
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="700" height="{y}" viewBox="0 0 700 {y}"'
    style = 'font-family="sans-serif" font-size="12" fill="#555">'
    return "\n".join((f"{head} {style}", f'<rect width="700" height="{y}" fill="#fff"/>', *lines, "</svg>\n"))


def _bar(row: dict[str, Any], y: int, longest: float) -> list[str]:
    median, least, most = (min(value / longest, 1.15) * WIDTH for value in row["clock"])
    colour = "#0969da" if row["ours"] and row["name"].startswith("mdtodo") else "#8c959f"
    return [
        f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(row["name"])}</text>',
        f'<rect x="{LEFT}" y="{y + 3}" width="{median:.1f}" height="{BAR - 6}" fill="{colour}"/>',
        f'<path d="M{LEFT + least:.1f} {y + 9}H{LEFT + most:.1f}" stroke="#24292f"/>',
        f'<text x="{LEFT + max(median, most) + 6:.1f}" y="{y + 13}">{_ms(row["clock"][0])} ms</text>',
    ]
