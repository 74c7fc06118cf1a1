"""``python -m ergs_verify.cli``, the same as the command ``ergs-verify``."""

import sys

from ergs_verify.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
