// Tells `check.py` what this browser gives the page: a camera, a permission, an error.
// Draws nothing. The video's own frame shows the browser's error, in the browser's words; it is read there.

const LOOK_EVERY = 1000; // milliseconds

// The page is drawn anew often: one watcher for each place on it, which tells only what has changed.
const watchers = new WeakMap();

export default function ({ parentElement, setStateValue }) {
  const known = watchers.get(parentElement);
  const watcher = known ?? { last: "", permission: "unknown" };
  watchers.set(parentElement, watcher);
  watcher.tell = (report) => setStateValue("report", report);
  watcher.timer ??= setInterval(() => look(watcher), LOOK_EVERY);
  look(watcher);
  return () => {
    clearInterval(watcher.timer);
    watcher.timer = undefined;
  };
}

async function look(watcher) {
  const media = navigator.mediaDevices;
  const report = {
    secure: window.isSecureContext,
    media: typeof media?.getUserMedia === "function",
    webrtc: typeof window.RTCPeerConnection === "function",
    permission: await permission(),
    cameras: await cameraCount(),
    error: streamError(),
  };
  const text = JSON.stringify(report);
  if (watcher.timer === undefined || text === watcher.last) return;
  watcher.last = text;
  watcher.tell(report);
}

async function permission() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state;
  } catch {
    return "unknown"; // some browsers do not know the name
  }
}

async function cameraCount() {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput").length;
  } catch {
    return -1; // unknown
  }
}

// The name of the error that the video's frame shows: "NotAllowedError: Permission denied".
function streamError() {
  for (const frame of document.querySelectorAll('iframe[title*="webrtc"]')) {
    try {
      const text = frame.contentDocument?.querySelector('[role="alert"]')?.textContent ?? "";
      const name = /^\s*([A-Za-z]+Error)\b/.exec(text)?.[1];
      if (name) return name;
    } catch {
      continue; // from another host: not ours to read
    }
  }
  return "";
}
