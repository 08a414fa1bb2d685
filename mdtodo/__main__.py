"""`python -m mdtodo`."""

from mdtodo.cli import main

if __name__ == "__main__":
    main()
