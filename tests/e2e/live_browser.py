"""Drive the page of the webcam in a headless Chromium with a fake camera, and print what happened as JSON.

    python -m tests.e2e.live_browser [--seconds 8] [--frames 20] [--chromium PATH]

WebRTC wants an address besides 127.0.0.1, and no network of the machine's shall matter: so this program is
started in a network of its own by `in_own_network`, together with the app and the browser. The browser test
asserts on what it prints, and `benchmarks/live.py` reports it.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from emotion.images import read_image
from emotion.live.overlay import face_color
from tests.e2e.serving import served_app
from tests.helpers import PATIENCE

SIZE = (640, 480)
# The camera's film: its frames carry their number as dark and bright fields along the bottom. The face in it
# moves so slowly that it keeps its number where only one frame in a second is looked at.
FILM_FRAMES = 900
FRAME_RATE = 30
FIELDS = 12
FIELD_HEIGHT = 24
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
)
# Inside of every frame of the page: keep what the page asks the browser for, and read the film's numbers
# where the camera gives them and where they come back, each with its time.
WATCH = """
const watch = (window.__watch = { connections: [], local: [], remote: [], reading: false });
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
  constructor(...options) { super(...options); watch.connections.push(this); }
};
if (navigator.mediaDevices) {
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true });
    video.play();
    watch.camera = video;
    follow(video, watch.local);
    return stream;
  };
}
function follow(video, numbers) {
  const canvas = Object.assign(document.createElement("canvas"), { width: FIELDS, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const read = (now) => {
    if (watch.reading) {
      const { videoWidth: width, videoHeight: height } = video;
      const strip = (height * FIELD_HEIGHT) / 480;
      context.drawImage(video, 0, height - strip * 0.75, width, strip / 2, 0, 0, FIELDS, 1);
      const pixels = context.getImageData(0, 0, FIELDS, 1).data;
      let number = 0;
      for (let field = 0; field < FIELDS; field++) number = 2 * number + (pixels[4 * field] > 127);
      numbers.push([number, now]);
    }
    video.requestVideoFrameCallback(read);
  };
  video.requestVideoFrameCallback(read);
}
watch.returned = () => [...document.querySelectorAll("video")].find((video) => video.srcObject);
watch.followReturned = () => { watch.reading = true; follow(watch.returned(), watch.remote); };
watch.stats = async () => {
  for (const connection of watch.connections)
    for (const entry of (await connection.getStats()).values())
      if (entry.type === "inbound-rtp" && entry.kind === "video")
        return { decoded: entry.framesDecoded, width: entry.frameWidth, height: entry.frameHeight };
  return { decoded: 0 };
};
watch.count = (video, color) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 640, 480);
  const pixels = context.getImageData(0, 0, 640, 480).data;
  let count = 0;
  for (let at = 0; at < pixels.length; at += 4)
    count += color.every((value, channel) => Math.abs(pixels[at + channel] - value) < 24);
  return count;
};
""".replace("FIELD_HEIGHT", str(FIELD_HEIGHT)).replace("FIELDS", str(FIELDS))

DECODED = "() => __watch.returned() && __watch.stats().then(stats => stats.decoded > 0)"
MORE_DECODED = "before => !__watch.returned() || __watch.stats().then(stats => stats.decoded > before)"
# Exit status: browser and app have lost each other. WebRTC's own deadlines pass on a very busy machine.
LOST = 3


def in_own_network(command: list[str]) -> list[str]:
    """Return the command that runs another in a network of its own: this machine alone, at two addresses."""
    setup = 'ip link set lo up && ip addr add 127.0.0.2/8 dev lo && exec "$@"'
    return ["unshare", "--map-root-user", "--net", "sh", "-c", setup, "sh", *command]


def why_no_own_network() -> str | None:
    """Return why a network of one's own cannot be had here, or None."""
    for tool, package in (("unshare", "util-linux"), ("ip", "iproute2")):
        if shutil.which(tool) is None:
            return f"{tool} is missing (Debian: apt install {package})"
    process = subprocess.run(in_own_network(["true"]), capture_output=True, text=True)
    return None if process.returncode == 0 else f"namespaces are not allowed here: {process.stderr.strip()}"


def write_film(path: Path, frames: int = FILM_FRAMES) -> None:
    """Write what the fake camera shows: NASA's portrait of Eileen Collins, moving about, as motion JPEG."""
    photograph = read_image(Path(find_spec("skimage").submodule_search_locations[0]) / "data/astronaut.png")
    portrait = cv2.resize(photograph[:330, 60:390], (300, 300), interpolation=cv2.INTER_AREA)
    with path.open("wb") as file:
        for number in range(frames):
            frame = np.full((SIZE[1], SIZE[0], 3), (150, 150, 145), np.uint8)
            turn = 2 * np.pi * number / frames
            x, y = round(170 + 110 * np.sin(2 * turn)), round(80 + 60 * np.sin(3 * turn))
            frame[y : y + 300, x : x + 300] = portrait
            for field in range(FIELDS):
                bright = 255 * (number >> (FIELDS - 1 - field) & 1)
                left, right = field * SIZE[0] // FIELDS, (field + 1) * SIZE[0] // FIELDS
                frame[-FIELD_HEIGHT:, left:right] = bright
            data = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
            file.write(data.tobytes())


def drive(seconds: float, frames: int, chromium: str) -> dict:
    """Start the video, watch it, stop it, download the session; return what was seen.

    Args:
        seconds: how long to watch at least.
        frames: how many different frames must have come back meanwhile, however long that takes.
        chromium: its path.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mjpeg"
        write_film(film)
        home = Path(folder) / "home"
        home.mkdir()
        camera = f"--use-file-for-fake-video-capture={film}"
        with served_app(home) as (address, process), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=[*ARGUMENTS, camera], timeout=1000 * PATIENCE
            )
            context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
            context.set_default_timeout(1000 * PATIENCE)
            context.add_init_script(WATCH)
            page = context.new_page()
            page.goto(address)
            page.get_by_role("link", name="Webcam").click()
            seen = watch_video(page, seconds, frames, process)
            seen["log"] = (home / "log.txt").read_text()[-4000:]
            browser.close()
    return seen


def watch_video(page, seconds: float, frames: int, process: int) -> dict:
    """Do what `drive` says on the opened page."""
    video = page.frame_locator('iframe[title*="webrtc"]')
    start = video.get_by_role("button", name="Start")
    start.wait_for()
    pressed = time.monotonic()
    start.click()
    page.get_by_text("In the picture:").get_by_text("happy").wait_for()
    seen: dict = {"seconds_to_first_answer": round(time.monotonic() - pressed, 2)}
    frame = next(frame for frame in page.frames if "webrtc" in frame.url)
    frame.wait_for_function(DECODED)
    frame.evaluate("__watch.followReturned()")
    color = list(face_color(1))
    seen["overlay_pixels"] = seen["camera_pixels"] = 0
    memory, decoded = [resident_megabytes(process)], [frame.evaluate("__watch.stats()")]
    times, busy = [time.monotonic()], cpu_seconds(process)
    numbers: dict = {"local": [], "remote": []}
    came_back: set[int] = set()
    while times[-1] - times[0] < seconds or len(came_back) < frames:
        if times[-1] - times[0] > max(seconds, PATIENCE):
            raise SystemExit(f"Only {len(came_back)} of {frames} frames came back.")
        page.wait_for_timeout(1000 * min(5.0, seconds / 4))
        frame.wait_for_function(MORE_DECODED, arg=decoded[-1]["decoded"])
        if not frame.evaluate("Boolean(__watch.returned())"):
            raise SystemExit(LOST)
        times.append(time.monotonic())
        memory.append(resident_megabytes(process))
        decoded.append(frame.evaluate("__watch.stats()"))
        overlay = frame.evaluate("color => __watch.count(__watch.returned(), color)", color)
        camera = frame.evaluate("color => __watch.count(__watch.camera, color)", color)
        if overlay > seen["overlay_pixels"]:
            seen |= {"overlay_pixels": overlay, "camera_pixels": camera}
        numbers = frame.evaluate("({ local: __watch.local, remote: __watch.remote })")
        came_back = {number for number, _ in numbers["remote"]}
    seen |= {
        "decoded": [stats["decoded"] for stats in decoded],
        "size": [decoded[-1].get("width"), decoded[-1].get("height")],
        "decoded_fps": [
            round((after["decoded"] - before["decoded"]) / (later - earlier), 1)
            for before, after, earlier, later in zip(decoded, decoded[1:], times, times[1:], strict=False)
        ],
        "returned": [number for number, _ in numbers["remote"]],
        "latencies": latencies(**numbers),
        "megabytes": memory,
        "app_cores": round((cpu_seconds(process) - busy) / (times[-1] - times[0]), 2),
        "speed": page.get_by_text("frames a second,").inner_text(),
    }
    video.get_by_role("button", name="Stop").click()
    download = page.get_by_role("button", name="Everything (JSON)")
    download.wait_for()
    # While the page is still being drawn, a button that is pressed is replaced.
    page.locator("[data-test-script-state=notRunning]").wait_for()
    with page.expect_download() as file:
        download.click()
    seen["session"] = json.loads(Path(file.value.path()).read_text(encoding="utf-8"))
    return seen


def latencies(local: list, remote: list) -> list[float]:
    """Return for each returned frame how many milliseconds ago the camera gave it.

    Args:
        local: the film's numbers as the camera gave them, each with its milliseconds.
        remote: likewise, as they came back.
    """
    longest = 1000 * FILM_FRAMES / FRAME_RATE / 2  # later, it may be the film's next round
    given: dict[int, float] = {}
    delays = []
    events = sorted(
        [(now, 0, number) for number, now in local] + [(now, 1, number) for number, now in remote]
    )
    for now, came_back, number in events:
        if not came_back:
            given[number] = now
        elif number in given and now - given[number] < longest:
            delays.append(round(now - given.pop(number), 1))
    return delays


def resident_megabytes(process: int) -> float:
    """Return how much memory a process takes."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000


def cpu_seconds(process: int) -> float:
    """Return how long a process has kept processors busy."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("--chromium", default="chromium")
    options = parser.parse_args()
    print(json.dumps(drive(options.seconds, options.frames, options.chromium)))


if __name__ == "__main__":
    main()
