"""Pages in a real browser: all of them in one run of headless Chromium, each in a frame of its own width.

A window of Chromium is never narrower than 500 pixels, a frame can be. What the browser made of each page (how wide it is,
its text, what sticks out) is written by a script of the outer page, and read from the document that Chromium prints.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
HEIGHT = 2000

_LOOK = """
const found = [...document.querySelectorAll("iframe")].map(frame => {
  const page = frame.contentDocument, width = frame.clientWidth;
  const first = (page.getElementById("determination") ?? page.querySelector("h2")).getBoundingClientRect();
  page.querySelectorAll("details").forEach(one => { one.open = true; });  // the deepest lines are the narrowest
  const out = [...page.querySelectorAll("body *")].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > width + 1) && !e.closest(".scroll");
  });
  return {
    name: frame.title, width, scroll: page.documentElement.scrollWidth, text: page.body.innerText,
    out: out.map(e => e.tagName + "." + e.className), scripted: page.querySelector(".tools")?.hidden === false,
    top: first.top, bottom: first.bottom,
    font: frame.contentWindow.getComputedStyle(page.body).fontSize,
  };
});
document.getElementById("found").textContent = JSON.stringify(found);
"""


def chromium() -> str:
    """The browser. Without one the test is skipped; in CI, which installs it, that is a failure."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no browser: the Debian package chromium is missing")
        pytest.skip("needs the Debian package chromium")
    return found


def needs_font(language: str) -> None:
    """Skip a test if the machine has no font of a language; in CI, which installs one, that is a failure."""
    lister = shutil.which("fc-list")
    if lister and not subprocess.run([lister, f":lang={language}"], capture_output=True, text=True, check=False).stdout.strip():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI has no font for {language}: the Debian package fonts-noto-cjk is missing")
        pytest.skip("needs the Debian package fonts-noto-cjk")


def looked_at(pages: dict[tuple[str, int], str], folder: Path) -> tuple[dict[tuple[str, int], dict[str, Any]], Path]:
    """What the browser made of each page, by name and width, and a picture of all of them."""
    frames = "".join(
        f'<iframe title="{html.escape(name)}" width="{width}" height="{HEIGHT}" srcdoc="{html.escape(page)}"></iframe>'
        for (name, width), page in pages.items()
    )
    outer = folder / "outer.html"
    outer.write_text(
        "<!DOCTYPE html><meta charset=utf-8><style>body{margin:0;white-space:nowrap}iframe{border:0;vertical-align:top}</style>"
        f'{frames}<pre id="found"></pre><script>addEventListener("load", () => {{ {_LOOK} }});</script>',
        "utf-8",
    )
    picture = folder / "pages.png"
    size = f"{sum(width for _, width in pages)},{HEIGHT}"
    command = [chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"]
    command += [f"--window-size={size}", f"--screenshot={picture}", "--dump-dom", outer.as_uri()]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=180, check=False)
    match = re.search(r'<pre id="found">(.+?)</pre>', run.stdout, re.DOTALL)
    assert match is not None, run.stderr[-2000:]
    found = json.loads(html.unescape(match[1]))
    return {(each["name"], each["width"]): each for each in found}, picture


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height
