"""What docs/hooks.md and the hooks' own files say is so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integrations.git_hooks.conftest import BIN, ROOT, Hooked

if TYPE_CHECKING:
    from tests.conftest import Checkout

PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
HOOKS = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_hook_is_in_the_table() -> None:
    assert [name for name in HOOKS if f"| `{name}` |" not in PAGE] == []


def test_the_configurations_can_be_copied(hooked: Hooked) -> None:
    """With the address and the revision of a real repository, and the mdtodo that is tested."""
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a #quick run:t\n- [ ] b run:t\n- [ ] c expand:fix\n- [ ]\n")
    repo.write(".mdtodo.toml", '[processors.t]\nrun = "true"\n')
    repo.commit("Base")
    ours = [block for block in blocks("yaml") if "repos:" in block]
    assert len(ours) == 2
    for block, edits in zip(ours, (False, True), strict=True):
        address = yaml.safe_load(block)["repos"][0]["repo"]
        said = block.replace(address, str(hooked.source)).replace("v0.1.0", hooked.revision)
        config = yaml.safe_load(said)
        assert {hook["id"] for hook in config["repos"][0]["hooks"]} <= {*HOOKS}
        repo.write(
            ".pre-commit-config.yaml",
            re.sub(r"(?m)^( *)- id: (\S+)$", r"\1- id: \2\n\1  language: system", said),
        )
        repo.git("add", "-A")
        repo.git("commit", "-qm", "Config")
        warned = "TODO.md:4: warning: empty-box" in hooked.run("--all-files", code=int(edits))
        assert warned != edits, "shown though it passes; the second one has --errors-only"
    text = repo.read("TODO.md").decode()
    assert text.startswith("- [x] a #quick run:t\n- [ ] b run:t\n- [ ] c")
    assert len(text.splitlines()) > 6, "c is broken down"


def test_the_commands_can_be_copied(repo: Checkout) -> None:
    first, husky, message = blocks("sh")
    repo.write("TODO.md", "- [ ] a after:nowhere\n")
    repo.git("add", "-A")
    done = subprocess.run(["sh", "-ec", first], cwd=repo.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list((repo.root / ".git" / "hooks").iterdir())
    assert (
        subprocess.run(["sh", "-ec", husky], cwd=repo.root, capture_output=True, check=False).returncode == 1
    )
    lefthook = {
        name: one["commands"]["mdtodo"]["run"] for name, one in yaml.safe_load(blocks("yaml")[-1]).items()
    }
    assert husky.strip() in lefthook["pre-commit"]
    repo.write("message", "x\n")
    said = subprocess.run(
        ["sh", "-ec", message, "-", "message"], cwd=repo.root, capture_output=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, b"")
    assert {lefthook[name].split(" {")[0] for name in ("prepare-commit-msg", "commit-msg")} == {
        message.split(' "')[0]
    }


@pytest.mark.parametrize("name", [".pre-commit-hooks.yaml", ".pre-commit-config.yaml"])
def test_pre_commit_accepts_the_files_of_the_hooks(name: str) -> None:
    kind = "validate-manifest" if "hooks" in name else "validate-config"
    done = subprocess.run(
        [str(BIN / "pre-commit"), kind, str(Path(ROOT) / name)], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_the_hooks_of_this_repository_are_its_own() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    own = next(hook for hook in config["repos"][0]["hooks"] if hook["id"] == "mdtodo-check")
    published = HOOKS["mdtodo-check"]
    for key in ("name", "types", "always_run", "require_serial", "verbose"):
        assert own[key] == published[key]
    assert own["entry"] == f"python -m {published['entry']}"
