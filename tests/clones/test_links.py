"""Ignored folders of the checkout in a clone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.clones.changes import take
from mdtodo.clones.linked_checkout import leads_back
from mdtodo.clones.links import LinkError, excludes, link

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clones.conftest import Bench

NAMES = ["node_modules", "web/vendor [x]*", "not-there"]


def make(bench: Bench, *names: str) -> list[str]:
    return link(str(bench.repo.root), bench.slot.tree, names)


def test_a_linked_folder_is_seen_and_is_no_change(bench: Bench) -> None:
    for name in NAMES[:2]:
        bench.repo.write(f"{name}/x/index.js", "1")
    for _ in range(2):  # and in a clone that is used again
        bench.show(excludes=excludes(NAMES))
        assert make(bench, *NAMES) == [str(bench.repo.root / name) for name in NAMES[:2]]
        assert (bench.tree / "web/vendor [x]*/x/index.js").read_text() == "1"
        base = bench.slot.shadow.git("rev-parse", f"{bench.repo.git('rev-parse', 'HEAD')}^{{tree}}")
        assert take(bench.slot.shadow) == base.decode().strip()
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=bench.tree, capture_output=True, check=True
        )
        assert status.stdout == b""
    assert not (bench.tree / "not-there").exists()
    bench.show()
    assert bench.repo.read("node_modules/x/index.js") == b"1"
    assert not (bench.tree / "node_modules").is_symlink()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("src", "link: src is tracked by git, so the clone has its own"),
        ("a.txt", "link: a.txt is tracked"),
        ("staged", "link: staged is tracked"),
        ("old", "link: old is tracked"),
        ("out", "link: out leads out of the checkout, to "),
        ("in/out", "link: in/out leads out of the checkout"),
        ("git", "link: git leads out of the checkout"),
        ("here", "link: here leads out of the checkout"),
        ("linked/x", "link: linked/x is below linked, which is no folder in the clone"),
        ("file/x", "link: file/x is below file, which is no folder"),
    ],
)
def test_what_is_tracked_or_elsewhere_is_refused(bench: Bench, name: str, words: str) -> None:
    repo, outside = bench.repo, bench.victim
    (repo.root / "linked").symlink_to(outside)
    repo.commit("Files", **{"old/x": "1", "file": "1"})
    bench.show()
    repo.git("rm", "-rq", "--cached", "old", "file", "linked")
    (repo.root / "linked").unlink()
    (repo.root / "file").unlink()
    for path in ("linked/x/y", "file/x/y", "in/y", "staged/y"):
        repo.write(path, "1")
    repo.git("add", "staged")
    for path, target in {"out": outside, "in/out": outside, "git": ".git", "here": "."}.items():
        (repo.root / path).symlink_to(target)
    with pytest.raises(LinkError, match=words):
        make(bench, name)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(root=folder))


SITE = ".venv/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("name", "text", "is_found"),
    [
        ("pkg.pth", "{root}/src\n", True),
        ("pkg.pth", "../../../../src\n", True),
        ("pkg.pth", "# {root}\nimport os; '{root}'\n", False),
        ("pkg.pth", "/usr/lib/elsewhere\n", False),
        ("pkg.pth", "{root}/.venv/src\n", False),
        ("pkg.pth", "{root}-other/src\n", False),
        ("pkg.egg-link", "{root}\n.\n", True),
        ("__editable___pkg_finder.py", "MAPPING = {{'pkg': '{root}/src/pkg'}}\n", True),
        ("__editable___pkg_finder.py", "MAPPING = {{'pkg': '/elsewhere/pkg'}}\n", False),
        (
            "pkg.dist-info/direct_url.json",
            '{{"url": "file://{root}", "dir_info": {{"editable": true}}}}',
            True,
        ),
        ("pkg.dist-info/direct_url.json", '{{"url": "file://{root}", "dir_info": {{}}}}', False),
        (
            "pkg.dist-info/direct_url.json",
            '{{"url": "https://example.com/x.whl", "archive_info": {{}}}}',
            False,
        ),
        ("pkg.dist-info/direct_url.json", "[", False),
    ],
)
def test_an_editable_install_of_the_checkout_leads_back(
    tmp_path: Path, name: str, text: str, is_found: bool
) -> None:
    write(tmp_path, {f"{SITE}/{name}": text, f"{SITE}/other.pth": "/usr\n"})
    assert leads_back(str(tmp_path), ".venv") == (f"{SITE}/{name}" if is_found else None)


@pytest.mark.parametrize(
    ("name", "target", "is_found"),
    [
        ("web", "../packages/web", True),
        ("@shop/web", "../../packages/web", True),
        ("left-pad", ".pnpm/left-pad", False),
        ("global", "/usr/lib", False),
    ],
)
def test_a_workspace_of_the_checkout_leads_back(
    tmp_path: Path, name: str, target: str, is_found: bool
) -> None:
    write(tmp_path, {"node_modules/.pnpm/left-pad/index.js": "", "packages/web/index.js": ""})
    place = tmp_path / "node_modules" / name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)
    assert leads_back(str(tmp_path), "node_modules") == (f"node_modules/{name}" if is_found else None)


def test_a_folder_that_is_not_there_or_no_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert [leads_back(str(tmp_path), name) for name in ("file", "nothing")] == [None, None]


@pytest.mark.slow
def test_what_pip_makes_of_an_editable_install_leads_back(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/__init__.py": "", "pyproject.toml": '[project]\nname = "pkg"\nversion = "1"\n'})
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / ".venv")], check=True)
    assert leads_back(str(tmp_path), ".venv") is None
    install = [str(tmp_path / ".venv/bin/pip"), "install", "-q", "-e", str(tmp_path)]
    subprocess.run(install, check=True, capture_output=True)
    assert "site-packages" in (leads_back(str(tmp_path), ".venv") or "")
