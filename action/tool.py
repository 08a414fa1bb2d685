"""Where the GitHub Action has mdtodo: an environment of its own in the runner's temporary folder.

`find` writes to GITHUB_OUTPUT: `folder`, the `python` in it, whether it is `ready`, and the `key` under which it
is cached. `install` makes it from the Action's own checkout, unless the cache has brought it meanwhile, and writes
`installed=true` where it was made. `programs` writes which files will deliver, with a digest of them, and where git and
`gh` are. Nothing else of the runner is touched. Needs nothing but Python.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
#: Written into the environment once all of it is there.
READY = "mdtodo-is-installed"


def main() -> int:
    """Do what the one argument says."""
    digest = _digest()
    folder = Path(os.environ.get("RUNNER_TEMP") or os.environ["HOME"]).resolve() / f"mdtodo-{digest[:16]}"
    if sys.argv[1] == "find":
        _output("folder", str(folder))
        _output("python", str(folder / "bin" / "python"))
        _output("ready", "true" if _is_ready(folder) else "false")
        _output("key", f"mdtodo-{platform.system()}-{platform.machine()}-{digest}")
        return 0
    if sys.argv[1] == "programs":
        _seal(folder)
        return 0
    if _is_ready(folder):
        return 0
    _install(folder)
    _output("installed", "true")
    return 0


def _digest() -> str:
    """Of all that makes one environment another: the interpreter, where it lies, and the Action's own files."""
    found = hashlib.sha256()
    place = os.environ.get("RUNNER_TEMP", "")
    for text in (
        sys.version,
        os.path.realpath(sys.executable),
        sysconfig.get_platform(),
        *platform.libc_ver(),
        place,
    ):
        found.update(text.encode() + b"\0")
    code = SOURCE / "mdtodo"
    files = [SOURCE / name for name in ("pyproject.toml", "README.md", "LICENSE")]
    files += [path for path in code.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in sorted(files):
        data = path.read_bytes()
        found.update(f"{path.relative_to(SOURCE)}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return found.hexdigest()


def _is_ready(folder: Path) -> bool:
    """Whether all of it is there, and its Python starts."""
    if not (folder / READY).exists():
        return False
    try:
        start = [folder / "bin" / "python", "-I", "-c", "import mdtodo"]
        return subprocess.run(start, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _install(folder: Path) -> None:
    """Made afresh. Raises CalledProcessError where pip cannot do it; it has said why."""
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-I", "-m", "venv", str(folder)], check=True)
    pip = [python, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, "--root-user-action=ignore", str(SOURCE)], check=True)
    subprocess.run([python, "-I", "-m", "mdtodo", "--version"], check=True)
    (folder / READY).touch()


def _seal(folder: Path) -> None:
    """What the step that has the token runs, and the digest of it that this step expects (see action.yml)."""
    found = {name: shutil.which(name) or "" for name in ("git", "gh")}
    lines = "\n".join(dict.fromkeys(map(str, _programs(folder, [one for one in found.values() if one]))))
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"programs<<end-of-programs\n{lines}\nend-of-programs\n")
    for name, path in found.items():
        _output(name, path and os.path.realpath(path))
    listed = sorted(path for root in lines.split("\n") for path in _files(root))
    sums = "".join(f"{_sum(path)}  {os.fsdecode(path)}\n" for path in listed)
    _output("digest", hashlib.sha256(sums.encode("utf-8", "surrogateescape")).hexdigest())


def _programs(folder: Path, others: list[str]) -> list[Path]:
    """Folders and files: mdtodo with its environment, the interpreter with its library, git, and these others."""
    config = sysconfig.get_config_var
    stdlib = Path(sysconfig.get_path("stdlib"))
    # where Python looks first, if it is there by then
    archive = stdlib.parent / f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    listed = [folder, Path(sys.executable).resolve(), stdlib, archive]
    if not str(config("INSTSONAME")).endswith(".a"):
        listed.append(Path(config("LIBDIR")) / config("INSTSONAME"))
    listed += [Path(one).resolve() for one in others]
    if git := shutil.which("git"):
        asked = subprocess.run([git, "--exec-path"], check=True, capture_output=True, text=True)
        place = Path(asked.stdout.strip())
        listed += [place / name for name in ("git", "git-remote-http", "git-remote-https")]
    return listed


def _files(root: str) -> list[bytes]:
    """All that is there, as action.yml lists it: but for compiled files, and packages that mdtodo does not see."""
    if os.path.isfile(root):
        return [os.fsencode(root)]
    found = []
    top = os.fsencode(root)
    for place, folders, names in os.walk(top, followlinks=True):
        left = {b"__pycache__", *((b"site-packages", b"dist-packages") if place == top else ())}
        folders[:] = [name for name in folders if name not in left]
        found += [path for name in names if os.path.isfile(path := os.path.join(place, name))]
    return found


def _sum(path: bytes) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _output(name: str, value: str) -> None:
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"mdtodo cannot be installed: {error}")
