"""``python -m binderclip``."""

from binderclip.cli import main

if __name__ == "__main__":
    main()
