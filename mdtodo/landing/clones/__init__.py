"""Landing what was changed in a clone: only on the very content that was proven, and all of it or nothing."""
