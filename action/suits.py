# Exits 0 where this Python can run mdtodo and make an environment for it. Any Python can read this.
import ensurepip  # noqa: F401
import sys
import venv  # noqa: F401

sys.exit(sys.version_info < (3, 11))
