"""The built-in categories and kinds, with the words of a title that name them.

Category, then kind, then words (lower case; a plural is understood). `^word` counts only where the title begins
with it, and then decides. A kind that is called like its category holds the words that name the category alone.
`[tool.mdtodo.categories]` extends and changes it.

How well they tell is measured on titles that were kept aside: `python -m benchmarks.classify`, docs/categories.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    #: category -> kind -> words
    Categories = Mapping[str, Mapping[str, tuple[str, ...]]]

#: The category that a title falls to only if nothing else in it names one.
FALLBACK = "general"

#: What starts another part of a title: in "API tests for the parser" the first part says what is wanted.
BREAKS = frozenset({
    "for", "of", "in", "on", "to", "with", "from", "by", "at", "via", "using", "when", "if", "that", "than", "after",
    "before", "behind", "without", "instead", "as", "per", "into", "against", "under", "over", "between", "while",
    "because", "whose", "which", "is", "are",
})  # fmt: skip

CATEGORIES: Categories = {
    "frontend": {
        "frontend": ("frontend", "front end", "ui", "gui", "ux", "user interface", "react", "vue", "angular", "svelte",
                     "vite", "webpack", "javascript bundle", "accessibility", "a11y", "aria", "keyboard navigation",
                     "single page app", "local storage", "localstorage"),
        "theme": ("theme", "theming", "dark mode", "light mode", "night mode", "color scheme", "colour scheme",
                  "design token", "palette", "accent color", "accent colour", "contrast", "branding"),
        "css": ("css", "stylesheet", "style sheet", "sass", "scss", "tailwind", "flexbox", "responsive", "z index",
                "media query", "margin", "padding", "overlap", "overlapping", "font size", "misaligned"),
        "component": ("component", "widget", "button", "dialog", "navbar", "dropdown", "modal", "sidebar", "tooltip",
                      "toast", "popup", "date picker", "carousel", "breadcrumb", "checkbox", "accordion",
                      "spinner", "menu", "navigation bar", "storybook"),
    },
    "backend": {
        "backend": ("backend", "back end", "django", "flask", "fastapi", "rails", "spring boot", "express"),
        "api": ("api", "endpoint", "graphql", "openapi", "swagger", "webhook", "cors", "http status",
                "status code", "rate limit", "rate limiting", "query parameter", "request body", "json response",
                "crud"),
        "database": ("database", "db", "sql", "sqlite", "postgres", "postgresql", "mysql", "mongodb", "schema",
                     "migration", "query", "foreign key", "primary key", "transaction", "connection pool", "orm",
                     "deadlock", "backup", "sharding", "stored procedure", "soft delete", "data model"),
        "service": ("service", "microservice", "daemon", "server", "worker", "queue", "message broker", "kafka",
                    "rabbitmq", "redis", "cron", "cron job", "grpc", "websocket", "health check", "load balancer",
                    "background job", "consumer", "scheduled job"),
    },
    "security": {
        "security": ("security", "secure", "xss", "csrf", "sql injection", "injection", "content security policy",
                     "csp", "sanitize", "sanitise", "path traversal", "sandbox", "ssrf", "hardening", "harden",
                     "^sanitize", "^sanitise"),
        "auth": ("auth", "authentication", "authenticate", "authorization", "authorize", "login", "log in", "logout",
                 "sign in", "oauth", "oauth2", "oidc", "saml", "sso", "jwt", "password", "permission", "2fa", "mfa",
                 "totp", "two factor", "access control", "rbac", "session cookie", "access token", "refresh token",
                 "ldap"),
        "encryption": ("encryption", "encrypt", "encrypted", "decrypt", "decryption", "tls", "ssl", "https", "cipher",
                       "argon2", "bcrypt", "gpg", "keychain", "signing key", "key rotation", "^encrypt", "^decrypt"),
        "audit": ("audit", "auditing", "vulnerability", "vulnerabilities", "cve", "penetration test", "pentest",
                  "leaked secret", "security review", "audit log", "^audit"),
    },
    "ai_ml": {
        "ai_ml": ("ai", "ml", "machine learning", "deep learning", "neural network", "embedding",
                  "feature engineering", "data science", "labeled data", "labelled data", "^label"),
        "model": ("model", "llm", "bert", "gpt", "transformer", "random forest", "xgboost", "classifier", "attention",
                  "decoder", "encoder", "onnx", "quantize", "quantise", "quantization", "weights", "prompt"),
        "training": ("training", "train", "retrain", "fine tune", "fine tuning", "epoch", "hyperparameter",
                     "learning rate", "early stopping", "overfitting", "overfit", "data augmentation", "optuna",
                     "gradient", "batch size", "dataset", "training set", "^train", "^retrain"),
        "prediction": ("prediction", "predict", "inference", "forecast", "forecasting", "recommend", "recommendation",
                       "recommender", "scoring", "^predict", "^forecast"),
    },
    "documentation": {
        "documentation": ("documentation", "document", "docs", "doc", "docstring", "javadoc", "readme", "changelog",
                          "tutorial", "guide", "how to", "howto", "man page", "manual", "wiki", "faq", "example",
                          "contributing", "typo", "release note", "diagram", "screenshot", "license file", "sphinx",
                          "mkdocs", "code comment", "^document", "^explain", "^describe"),
    },
    "testing": {
        "testing": ("testing", "test", "tested", "untested", "pytest", "unittest", "jest", "vitest", "cypress",
                    "playwright", "selenium", "e2e", "coverage", "benchmark", "fixture", "mock", "qa", "flaky",
                    "test suite", "test case", "fuzzing", "^test", "^mock", "^fuzz", "^verify", "^cover",
                    "^benchmark"),
    },
    "general": {
        "general": (),
        "implementation": ("implementation", "implement", "refactor", "refactoring", "rewrite", "crash", "bug",
                           "memory leak", "traceback", "feature", "plugin", "error message", "^rename",
                           "^remove", "^port", "^support", "^handle", "^allow", "^parse", "^export", "^import",
                           "^clean up", "^cleanup", "^simplify", "^deprecate", "^extract", "^replace"),
    },
}  # fmt: skip


def merged(given: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Categories:
    """The built-in table with the given kinds: new ones are added, those of the same name replaced.

    The given categories come last: where two have the same word, the last has it.
    """
    table = {category: dict(kinds) for category, kinds in CATEGORIES.items()}
    for category, kinds in given.items():
        # popped, so that it comes last; a new category is named by its own name too, whatever kinds it has
        table[category] = {**table.pop(category, {category: (category,)}), **kinds}
    return table
