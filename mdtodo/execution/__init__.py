"""The Executor: the spec of an attempt in, its result out. Never writes a TODO file, nor git."""
