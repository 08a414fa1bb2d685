"""The keys of one line, in every dialect: read and written. Never looks at another line."""
