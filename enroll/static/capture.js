// The camera of enrolment and try-out: sends a frame, draws what the server says, sends the next.
const stage = document.querySelector(".stage");
const video = stage.querySelector("video");
const overlay = stage.querySelector("canvas");
const guidance = document.querySelector(".guidance");
const start = document.querySelector("#start");
const save = document.querySelector("#save");
const picture = document.createElement("canvas");
const address = stage.dataset.address;
const token = document.body.dataset.csrf;
const failed = stage.dataset;
let running = false;
let ended = false; // the camera was switched off, as a closed lid does

class Refused extends Error {} // what the box said

function say(text, tone) {
  if (guidance.textContent !== text) guidance.textContent = text;
  guidance.className = `guidance notice ${tone}`;
}

function draw(answer, still) {
  const ink = overlay.getContext("2d");
  overlay.width = video.videoWidth;
  overlay.height = video.videoHeight;
  const { width, height } = overlay;
  if (still) ink.drawImage(still, 0, 0);
  ink.lineWidth = 4;
  ink.strokeStyle = "rgba(255,255,255,.75)";
  ink.setLineDash([10, 8]);
  ink.beginPath();
  ink.ellipse(width / 2, height / 2, width * 0.19, height * 0.37, 0, 0, 7);
  ink.stroke();
  if (!answer.box) return;
  const [left, top, right, bottom] = answer.box;
  ink.setLineDash([]);
  ink.strokeStyle = { good: "#35c46a", warn: "#ffb83d", bad: "#ff6a5e" }[answer.tone] ?? "#8fd3ff";
  ink.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
}

function show(answer) {
  say(answer.text, answer.tone);
  document.querySelectorAll(".views li").forEach((item, index) => {
    const quality = answer.views[index];
    item.classList.toggle("done", quality !== undefined);
    item.querySelector("meter").value = quality ?? 0;
    item.querySelector(".sign").textContent = quality === undefined ? "○" : "✓";
    item.querySelector("button").disabled = quality === undefined;
  });
  if (save) save.disabled = answer.views.length === 0;
}

async function post(path, body, type) {
  const headers = { "X-CSRF-Token": token, Accept: "application/json" };
  if (type) headers["Content-Type"] = type;
  const response = await fetch(path, { method: "POST", headers, body });
  if (response.status === 401)
    location.assign(`/login?said=lapsed&back=${encodeURIComponent(location.pathname)}`);
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.what);
  return answer;
}

async function step() {
  picture.width = video.videoWidth;
  picture.height = video.videoHeight;
  picture.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((done) => picture.toBlob(done, "image/jpeg", 0.92));
  const answer = await post(address, blob, "image/jpeg");
  draw(answer, answer.complete && picture);  // the camera goes off, the last view stays
  show(answer);
  return answer;
}

// Without a connection the camera stays on and the next frame is tried a second later.
function away(error) {
  if (!(error instanceof TypeError)) throw error;
  say(failed.away, "warn");
}

async function run() {
  if (running) return;
  running = true;
  ended = false;
  start.disabled = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
    });
    await video.play();
    const [camera] = video.srcObject.getVideoTracks();
    while (running && !(ended = camera.readyState === "ended")) {
      const answer = await step().catch(away);
      if (answer?.complete) break;
      await new Promise((done) => setTimeout(done, answer ? 60 : 1000));
    }
    if (ended) say(failed.ended, "warn");
    else if (save) save.focus();
  } catch (error) {
    const why = { NotFoundError: "none", NotAllowedError: "refused", NotReadableError: "busy" }[error.name];
    const text = [failed.failed, failed[why]].filter(Boolean).join(" ").replace(/。 /g, "。");
    say(error instanceof Refused ? error.message : text, "bad");
  }
  video.srcObject?.getTracks().forEach((track) => track.stop());
  running = false;
  start.disabled = false;
}

document.querySelectorAll(".views button").forEach((button, index) => {
  button.addEventListener("click", async () => {
    const form = new FormData();
    form.set("view", index);
    show(await post(stage.dataset.retake, form));
    run();
  });
});
addEventListener("pagehide", () => (running = false));
addEventListener("pageshow", (event) => event.persisted && run());
document.addEventListener("visibilitychange", () => !document.hidden && ended && run());
start.addEventListener("click", run);
if (stage.dataset.begin) run();
