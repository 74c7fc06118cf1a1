"""Every certificate of a folder stated in Coq and checked: ``python -m coq FOLDER``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coq.kernel import IMPORTS, SECONDS, accepted, installed, lemma
from ergs_verify.errors import UnsupportedError


def main(folder: str) -> int:
    """State the certificates of a folder in Coq, write them beside, and have each checked."""
    if not installed():
        print("Skipped: Coq with MathComp's algebra and its ring tactic is not installed.")
        return 0
    texts: dict[Path, str] = {}
    beyond: Counter[str] = Counter()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            texts[path] = lemma("identity", json.loads(path.read_text(encoding="utf-8")))
        except UnsupportedError as why:
            beyond[str(why)] += 1
        else:
            path.with_suffix(".v").write_text(IMPORTS + texts[path], encoding="utf-8")
    # The short ones first: the longest take Coq many minutes.
    texts = dict(sorted(texts.items(), key=lambda item: len(item[1])))
    start, count = time.monotonic(), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, good in zip(texts, pool.map(accepted, texts.values()), strict=True):
            shown = "accepted" if good else f"not accepted within {SECONDS:.0f} s"
            print(f"{path.stem}: {shown}", flush=True)
            count += good
    print(
        f"{count} of {len(texts)} identities that were stated are accepted by Coq's kernel "
        f"({time.monotonic() - start:.0f} s)."
    )
    for why, number in beyond.items():
        print(f"{number} more were not stated: {why}.")
    return int(count < len(texts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
