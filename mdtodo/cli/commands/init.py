"""`mdtodo init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "init",
    epilog="\b\nExamples:\n  mdtodo init\n  mdtodo run\n  mdtodo init --merge-driver --hooks\n"
    "  mdtodo init --agents           again after an update of mdtodo\n  mdtodo init --no-agents",
)
@click.option(
    "--hooks",
    is_flag=True,
    help="Install git hooks, as `mdtodo install` does; starter files only if there is no TODO file.",
)
@click.option(
    "--merge-driver",
    "merge_driver",
    is_flag=True,
    help="Set up the merge and diff drivers; starter files only if there is no TODO file.",
)
@click.option(
    "--agents/--no-agents",
    default=None,
    help="Write, or remove, a section of AGENTS.md that tells coding agents how work is done here.",
)
@click.pass_obj
def command(session: Session, merge_driver: bool, hooks: bool, agents: bool | None) -> None:
    """Create a starter TODO.md and configuration in the root of the repository; overwrites nothing.

    --agents replaces its own section of AGENTS.md, between two marks, and nothing else of it. Where there is a
    CLAUDE.md, it gets a line that leads there.
    """
    from mdtodo.operations.agents import remove as remove_agents
    from mdtodo.operations.agents import write as write_agents
    from mdtodo.operations.init import create_starter, is_started

    repo = session.repo
    if agents is False:
        _report_agents(session, remove_agents(repo))
        return
    if not (merge_driver or hooks or agents) or not is_started(repo):
        rows = create_starter(repo)
        for path, made in rows:
            click.echo(f"{'created' if made else 'kept   '}  {path}")
        session.say("`mdtodo list` shows the tasks, `mdtodo run` runs those that have a processor")
        new = [path for path, made in rows if made]
        if new:
            them = " and ".join(new)
            session.say(f"commit {them} first: `run` commits ticks of tasks that HEAD has")
    _report_ticks(session)
    if agents:
        _report_agents(session, write_agents(repo))
        session.say("agents that speak the Model Context Protocol start `mdtodo mcp`: see docs/agents.md")
    if merge_driver:
        from mdtodo.integrations.merge_driver.setup import set_up

        told = set_up(repo, session.config)
        for sentence in told:
            click.echo(sentence)
        first = "commit .gitattributes; " if told[0].startswith("added") else ""
        session.say(
            f"{first}every other clone needs `mdtodo init --merge-driver` once, "
            "since git takes no commands from a repository"
        )
    if hooks:
        from mdtodo.cli.commands.install import report_changes
        from mdtodo.integrations.git_hooks.install import install_hooks

        report_changes(install_hooks(repo))


def _report_agents(session: Session, rows: list[tuple[str, str]]) -> None:
    for path, became in rows:
        click.echo(f"{became:<7}  {path}")
    if changed := [path for path, became in rows if became != "kept"]:
        session.say(f"commit {' and '.join(changed)}, so that every checkout has the same")


def _report_ticks(session: Session) -> None:
    """Say of boxes that were ticked before, and that nothing proves, what can be done."""
    from mdtodo.errors import ConfigError
    from mdtodo.run.recheck.prove import unproven_ticks

    try:
        ticks = unproven_ticks(session.project(tolerant=True))
    except ConfigError:  # that of HEAD, by which ticks are judged, is broken
        return
    if not ticks.unproven or session.config.proof == "off":
        return
    number = len(ticks.unproven)
    which = "1 ticked task has a processor" if number == 1 else f"{number} ticked tasks have a processor"
    accept = "" if ticks.strict else ", `mdtodo prove --accept` takes what is committed as it stands"
    session.say(f"{which} and no proof: `mdtodo prove` runs the processors{accept}")
