"""What docs/proof.md says of signing, typed as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import read

if TYPE_CHECKING:
    from tests.command_line import Mdtodo
    from tests.conftest import Checkout


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_receipts_signed_as_the_page_says_count_and_others_do_not(repo: Checkout, mdtodo: Mdtodo) -> None:
    section = read("proof.md").split("### Sign in CI")[1].split("## Audit")[0]
    typed = re.findall(r"^\$ (.*)$", section, re.MULTILINE)
    setting = re.search(r"`(signers = .*?)`", section)
    (step,) = re.findall(r"  run: \|\n((?:    .*\n)+)", section)
    assert len(typed) == 2
    assert setting
    (repo.root / ".github").mkdir()
    for command in typed:
        subprocess.run(["bash", "-euc", command], cwd=repo.root, check=True)
    repo.git("config", "commit.gpgSign", "false")
    key = (repo.root / "mdtodo-signing-key").read_text().rstrip("\n")
    for name in ("mdtodo-signing-key", "mdtodo-signing-key.pub"):
        (repo.root / name).unlink()
    config = f'{setting[1]}\n[processors.a]\nrun = "true"\n'
    repo.commit(**{"TODO.md": "- [ ] one run:a\n- [ ] two run:a\n", ".mdtodo.toml": config})
    mdtodo("run", "--limit", "1")
    assert len(mdtodo("check", "--json").json["findings"]) == 1
    subprocess.run(
        ["bash", "-euc", step],
        cwd=repo.root,
        check=True,
        env={"PATH": "/usr/bin:/bin", "KEY": key, "RUNNER_TEMP": str(repo.root / ".git")},
    )
    mdtodo("run")
    assert [one["line"] for one in mdtodo("check", "--json").json["findings"]] == [1]
