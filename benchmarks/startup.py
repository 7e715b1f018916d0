"""Measure how soon the app's first page stands, and how much memory its process takes.

    python benchmarks/startup.py [--rounds 5] [--json]

Starts the app and, in turn, a Streamlit script of one heading as the baseline; each time a headless
Chromium that already runs waits for the heading. Needs Chromium and Linux (`/proc`).
"""

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BASELINE = 'import streamlit as st\nst.title("Photos")\n'
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def start_once(browser, folder: Path) -> dict[str, float]:
    """Start `folder/app.py`, wait for its heading, and stop it.

    Returns:
        Seconds until the server answers, seconds until the page stands, megabytes resident then.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--server.headless=true"], cwd=folder, **quiet)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health").close()
                break
            except OSError:
                time.sleep(0.02)
        served = time.perf_counter() - started
        page = browser.new_page()
        page.goto(f"http://localhost:{port}")
        page.get_by_role("heading", name="Photos").wait_for()
        shown = time.perf_counter() - started
        page.wait_for_timeout(1000)
        page.close()
        status = Path(f"/proc/{process.pid}/status").read_text()
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    finally:
        process.terminate()
        process.wait()
    return {"server": served, "page": shown, "megabytes": kilobytes / 1000}


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as empty, sync_playwright() as playwright:
        Path(empty, "app.py").write_text(BASELINE, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        folders = {"baseline": Path(empty), "app": PROJECT}
        start_once(browser, Path(empty))  # the browser's own first page
        runs: dict[str, list] = {name: [] for name in folders}
        for _ in range(arguments.rounds):
            for name, folder in folders.items():
                runs[name].append(start_once(browser, folder))
        browser.close()
    medians = {
        name: {key: round(statistics.median(run[key] for run in results), 2) for key in results[0]}
        for name, results in runs.items()
    }
    ratios = {key: round(medians["app"][key] / medians["baseline"][key], 2) for key in medians["app"]}
    if arguments.json:
        print(json.dumps(medians | {"ratio": ratios}))
        return
    for name, values in (medians | {"ratio": ratios}).items():
        print(
            f"{name:9} server after {values['server']:5.2f} s, page after {values['page']:5.2f} s, "
            f"{values['megabytes']:6.1f} MB resident"
        )


if __name__ == "__main__":
    main()
