"""The codes of findings: stable words, which settings name and docs/reference.md explains."""

from __future__ import annotations

#: Codes of what ticks without proof: the gate. What is ignored of them is what the version says from which a change
#: starts, never what the change itself says; and a baseline holds none of them.
GATE = ("gate-changed", "open-task-removed", "unproven")

#: Codes of what one clone lacks, which says nothing about the repository.
OF_CLONE = ("linked-checkout", "merge-driver", "unknown-module")

#: All codes, sorted.
CODES = tuple(
    sorted(
        (
            *GATE,
            *OF_CLONE,
            "bad-date",
            "bad-estimate",
            "bad-every",
            "bad-failed",
            "bad-id",
            "conflict-marker",
            "cycle",
            "duplicate-id",
            "duplicate-key",
            "duplicate-title",
            "empty-box",
            "empty-title",
            "epic-without-subtasks",
            "missing-key",
            "never-expires",
            "open-in-archive",
            "suspected-key",
            "ticked-parent",
            "unknown-box",
            "unknown-id",
            "unknown-in-shallow-clone",
            "unknown-lane",
            "unknown-pattern",
            "unknown-priority",
            "unknown-processor",
        )
    )
)
