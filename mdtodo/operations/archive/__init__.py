"""Closed tasks that go to an archive: which of them may, prepared in mind, then landed in one commit."""
