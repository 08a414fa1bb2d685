"""Who may ask, and for what: tokens, their file, the page's cookie, Host and Origin. Reads no repository."""
