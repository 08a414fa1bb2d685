"""The recipe `database`: the real sqlfluff, squawk and Django."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

DIALECT = "[sqlfluff]\ndialect = postgres\n"
GOOD, BAD = "SELECT name FROM items\n", "select name FROM items\n"
SAFE = "SET lock_timeout = '1s';\nSET statement_timeout = '5s';\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_name ON items (name);\n"
LOCKS = "CREATE INDEX by_name ON items (name);\n"

MANAGE = """\
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SETTINGS = """\
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
"""
MIGRATION = """\
from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [migrations.CreateModel(name="Item", fields=[("name", models.TextField(primary_key=True, serialize=False))])]
"""
MODEL = """\
from django.db import models
class Item(models.Model):
    name = models.TextField(primary_key=True)
"""


def test_sql_that_keeps_the_rules_passes(bench: Bench) -> None:
    bench.write(**{"-a [b].sql": GOOD, "setup.cfg": DIALECT})
    bench.pip("sqlfluff")
    assert "-a [b].sql] PASS" in bench.run("database", code=0).said


def test_sql_that_breaks_a_rule_fails(bench: Bench) -> None:
    bench.write(
        **{"pyproject.toml": '[tool.sqlfluff.core]\ndialect = "postgres"\n', "a.sql": GOOD, "b.sql": BAD}
    )
    bench.pip("sqlfluff")
    assert "capitalisation.keywords" in bench.run("database", code=1).said


@pytest.mark.parametrize(
    "ignoring",
    [{".sqlfluffignore": "*.sql\n"}, {".sqlfluff": DIALECT + "sql_file_exts = .ddl\n"}],
    ids=lambda ignoring: next(iter(ignoring)),
)
def test_nothing_was_checked_where_sqlfluff_passes_over_all(bench: Bench, ignoring: dict[str, str]) -> None:
    bench.write(**{".sqlfluff": DIALECT, "b.sql": BAD, **ignoring})
    bench.pip("sqlfluff")
    assert "sqlfluff found nothing to check" in bench.run("database", code=77).said


def test_a_file_that_sqlfluff_finds_too_long_is_not_passed_over(bench: Bench) -> None:
    bench.write(**{".sqlfluff": DIALECT, "a.sql": GOOD, "b.sql": BAD * 1000})
    bench.pip("sqlfluff")
    assert "a.sql] PASS" in bench.run("database", code=1).said


def test_migrations_for_postgresql_pass_or_fail(bench: Bench) -> None:
    bench.write(**{".squawk.toml": "", "migrations/1.sql": SAFE})
    bench.pip("squawk")
    bench.run("database", code=0)
    bench.write(**{"migrations/2.sql": LOCKS})
    assert "require-concurrent-index-creation" in bench.run("database", code=1).said
    bench.write(**{".squawk.toml": 'excluded_paths = ["*.sql", "**/*.sql"]\n'})
    assert "squawk found nothing to check" in bench.run("database", code=77).said


def test_models_agree_with_their_migrations_or_do_not(bench: Bench) -> None:
    app = {
        "shop/__init__.py": "",
        "shop/migrations/__init__.py": "",
        "shop/migrations/0001_item.py": MIGRATION,
    }
    bench.write(**{"manage.py": MANAGE, "settings.py": SETTINGS, "shop/models.py": MODEL, **app})
    bench.pip("django-admin")
    (bench.bin / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    Path(bench.bin / "python").chmod(0o755)
    assert "No changes detected" in bench.run("database", code=0).said
    bench.write(**{"shop/models.py": f"{MODEL}    price = models.IntegerField(default=0)\n"})
    assert "Add field price to item" in bench.run("database", code=1).said


def test_models_without_a_migration_are_no_pass(bench: Bench) -> None:
    """Django passes over an app that has no migrations."""
    bench.write(
        **{"manage.py": MANAGE, "settings.py": SETTINGS, "shop/__init__.py": "", "shop/models.py": MODEL}
    )
    bench.pip("django-admin")
    said = bench.run("database", code=77).said
    assert "django-admin has no configuration here: **/migrations/[0-9]*.py" in said


def test_the_recipe_says_what_it_lacks(bench: Bench) -> None:
    bench.write(**{"manage.py": "print('no Django')\n", ".sqlfluff": "[sqlfluff]\nrules = LT01\n"})
    said = bench.run("database", code=77).said
    assert "sqlfluff: no file here matches *.sql" in said
    assert "django-admin: no file here matches manage.py with the content that it reads" in said
    bench.write(**{"a.sql": GOOD, "manage.py": MANAGE})
    said = bench.run("database", code=77).said
    assert "sqlfluff is not installed: pip install sqlfluff" in said
    assert "sqlfluff has no configuration here: [sqlfluff.dialect] in .sqlfluff or" in said
    assert "squawk has no configuration here: .squawk.toml" in said
    assert "django-admin is not installed: pip install django" in said
