"""``python -m ergs_verify``, the same as the command ``ergs-verify``."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current directory: the files there are not this program's
    from ergs_verify.cli import main

    sys.exit(main())
