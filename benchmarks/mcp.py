"""`mdtodo mcp` until it has answered `initialize`, beside the SDK's own bare server.

python benchmarks/mcp.py [--rounds N]

Wall-clock seconds from the start of the process to its answer, in turn. The bare server is the SDK's low-level one
without a tool, on standard input and output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

async def main():
    server = Server("bare")
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())

anyio.run(main)
"""
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
}


def seconds(root: str, *arguments: str) -> float:
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(HELLO).encode() + b"\n")
        server.stdin.flush()
        answer = json.loads(server.stdout.readline())
        taken = time.perf_counter() - begin
        assert answer["result"]["protocolVersion"] == "2025-06-18"
        server.stdin.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(
            ["git", "init", "-q"], cwd=root, check=True, env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
        )
        (Path(root) / "TODO.md").write_text("- [ ] Tests pass id:tests\n")
        pairs = [(seconds(root, "-m", "mdtodo", "mcp"), seconds(root, "-c", BARE)) for _ in range(rounds)]
    ours, bare = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"mcp {ours:.0f} ms, bare server {bare:.0f} ms, median ratio {ratio:.2f} ({rounds} rounds)")


if __name__ == "__main__":
    main()
