"""The built-in categories and kinds, with the words of a title that name them.

Category, then kind, then words (lower case; a plural `s` or `es` is understood). A kind that is called like
its category holds the words that name the category alone. `[tool.mdtodo.categories]` extends and changes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    #: category -> kind -> words
    Categories = Mapping[str, Mapping[str, tuple[str, ...]]]

#: The category that a title falls to only if nothing else in it names one.
FALLBACK = "general"

CATEGORIES: Categories = {
    "frontend": {
        "frontend": ("frontend", "front end", "ui", "user interface"),
        "theme": ("theme", "theming", "dark mode", "light mode", "color scheme", "colour scheme"),
        "css": ("css", "stylesheet", "sass", "scss", "tailwind"),
        "component": ("component", "widget", "button", "dialog", "navbar"),
    },
    "backend": {
        "backend": ("backend", "back end"),
        "api": ("api", "endpoint", "graphql", "openapi", "webhook"),
        "database": ("database", "db", "sql", "sqlite", "postgres", "postgresql", "mysql", "schema"),
        "service": ("service", "microservice", "daemon", "server"),
    },
    "security": {
        "security": ("security", "secure"),
        "auth": ("auth", "authentication", "authenticate", "authorization", "authorize", "login", "oauth",
                 "sso", "password", "permission"),
        "encryption": ("encryption", "encrypt", "encrypted", "decrypt", "decryption", "tls", "cipher"),
        "audit": ("audit", "auditing", "vulnerability", "vulnerabilities", "cve"),
    },
    "ai_ml": {
        "ai_ml": ("ai", "ml", "machine learning", "deep learning", "neural network"),
        "model": ("model",),
        "training": ("training", "train", "retrain", "fine tune", "fine tuning"),
        "prediction": ("prediction", "predict", "inference", "forecast", "forecasting"),
    },
    "documentation": {
        "documentation": ("documentation", "document", "docs", "doc", "docstring", "readme", "changelog",
                          "tutorial"),
    },
    "testing": {
        "testing": ("testing", "test", "tested", "pytest", "e2e", "coverage"),
    },
    "general": {
        "general": (),
        "implementation": ("implementation", "implement"),
    },
}  # fmt: skip


def merged(given: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Categories:
    """The built-in table with the given kinds: new ones are added, those of the same name replaced.

    The given categories come last: where two have the same word, the last has it.
    """
    table = {category: dict(kinds) for category, kinds in CATEGORIES.items()}
    for category, kinds in given.items():
        table[category] = {**table.pop(category, {category: (category,)}), **kinds}
    return table
