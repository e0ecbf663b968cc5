"""Checks that every relative link in the Markdown files leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def main() -> int:
    """Print the dead links; 1 where there are any."""
    listed = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True)  # noqa: S607
    dead = [
        f"{page}: {target}"
        for page in listed.stdout.splitlines()
        for target in _LINK.findall(Path(page).read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (Path(page).parent / target).exists()
    ]
    print("\n".join(dead), end="\n" if dead else "")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
