// Draws what the stream sends. All words come ready; nothing is decided here.
"use strict";

const $ = (id) => document.getElementById(id);
const SILENCE = 4000;   // milliseconds without a sign of life: the gate's program has ended
let offline = null, newest = null, lastSign = performance.now(), shown = "", heard = "";

function put(id, words) {
  $(id).textContent = words;
  $(id).hidden = !words;
}

// phrases are set side by side and are never broken while there is another line
function phrases(id, words) {
  $(id).replaceChildren(...words.filter(Boolean).map((phrase) => {
    const span = document.createElement("span");
    span.textContent = phrase;
    return span;
  }));
  $(id).hidden = !words.some(Boolean);
}

function list(id, entries, fill) {
  $(id).replaceChildren(...entries.map((entry, i) => {
    const li = document.createElement("li");
    fill(li, entry, i);
    return li;
  }));
}

// the head is as large as one line allows; what would become too small takes two lines
const canvas = document.createElement("canvas").getContext("2d");
function widest(words, element) {   // the size, in pixels, at which they fill one line of it
  const style = getComputedStyle(element);
  canvas.font = style.fontWeight + " 100px " + style.fontFamily;
  return element.clientWidth / (canvas.measureText(words).width * .0102);
}

const SMALLEST = .5;   // of the usual size of what is told now, beside earlier answers
function fitHead(words, unit) {
  const head = $("head");
  head.style.fontSize = "";
  const most = parseFloat(getComputedStyle(head).fontSize), least = 7.42 * unit;
  const fits = widest(words, head);
  head.style.fontSize = Math.min(most, fits < least ? 1.15 * least : fits) + "px";
  head.style.whiteSpace = fits < least ? "normal" : "nowrap";
}

// what is told now is as large as what is left beside earlier answers allows
function fitMain(words) {
  const main = $("head").closest("main");
  const unit = parseFloat(getComputedStyle($("clock")).fontSize) / 3;
  for (let size = 1; size >= SMALLEST; size -= .075) {
    main.style.setProperty("--u", size * unit + "px");
    fitHead(words, unit);
    const top = main.offsetTop, bottom = top + main.clientHeight;   // turning symbols do not count
    const fits = (each) => each.offsetTop >= top && each.offsetTop + each.offsetHeight <= bottom;
    if ([...main.children].every(fits)) return;
  }
}

// an earlier answer: whose it was or what it says, large enough for one line, and the rest below
function card(li, answer) {
  const symbol = $("sign").querySelector("svg").cloneNode(true), words = document.createElement("div");
  symbol.firstElementChild.removeAttribute("id");
  symbol.firstElementChild.setAttribute("href", "/static/symbols.svg#" + answer.look);
  li.dataset.look = answer.look;
  answer.lines.forEach((line, i) => {
    const said = i === 0 && answer.name ? [answer.name, ...line.words] : line.words;
    const row = document.createElement("p");
    row.lang = line.language;
    said.forEach((phrase, n) => {
      const element = document.createElement(i ? "small" : n ? "span" : "b");
      element.textContent = phrase;
      row.append(element);
    });
    words.append(row);
  });
  li.append(symbol, words);
}

function fitCards() {
  for (const head of document.querySelectorAll("#earlier b")) {
    head.style.fontSize = "";
    const most = parseFloat(getComputedStyle(head).fontSize);
    head.style.fontSize = Math.min(most, Math.max(widest(head.textContent, head), most * .68)) + "px";
  }
}

function draw(page) {
  const [first, second] = page.lines;
  document.body.dataset.look = page.look;
  document.documentElement.lang = first.language;
  $("symbol").setAttribute("href", "/static/symbols.svg#" + page.look);
  const earlier = page.earlier;   // in the place of the date
  list("earlier", earlier, card);
  phrases("whose", earlier.length ? earlier[0].lines.map((line) => line.whose) : []);
  $("earlier").hidden = earlier.length === 0;
  $("date").hidden = earlier.length > 0;
  document.body.toggleAttribute("data-earlier", earlier.length > 0);
  fitCards();
  put("name", page.name);
  put("head", first.head);
  const advised = first.advice.length > 0;   // matters more than "the door is open"
  phrases("then", advised ? [] : [first.then, first.until]);
  phrases("other", advised || !second ? [] : [second.head, second.then, second.until]);
  if (second) $("other").lang = second.language;
  list("advice", first.advice, (li, words, i) => {
    li.textContent = words;
    if (second) {
      const small = document.createElement("small");
      small.lang = second.language;
      small.textContent = second.advice[i];
      li.append(small);
    }
  });
  phrases("note", page.note);
  list("items", page.items, (li, item) => {
    const value = document.createElement("b");
    value.textContent = item.value;
    li.dataset.good = String(item.good);
    item.label.forEach((words, i) => {
      const label = document.createElement(i ? "small" : "span");
      label.textContent = words;
      li.append(label);
    });
    li.append(value);
  });
  const camera = $("camera");
  camera.hidden = !page.picture;
  $("symbol").parentNode.toggleAttribute("hidden", page.picture);
  fitMain(first.head);
  if (page.picture && !camera.src) camera.src = "/camera.mjpg";
  if (!page.picture && camera.src) camera.removeAttribute("src");
}

function hear(page) {
  const sound = page.passage + page.look + page.code;   // the same answer is heard once
  if (sound === heard) return;
  heard = sound;
  play(page.sound, page.volume);
  speak(page);
}

function tick() {
  const now = new Date(), lang = document.documentElement.lang;
  $("clock").textContent = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  $("date").textContent = now.toLocaleDateString(lang, { weekday: "long", month: "long", day: "numeric" });
  if (offline && performance.now() - lastSign > SILENCE && shown !== "offline") {
    shown = "offline";
    draw(offline);
  }
}

const stream = new EventSource("/stream");
stream.addEventListener("offline", (event) => {
  lastSign = performance.now();
  offline = JSON.parse(event.data);
});
stream.addEventListener("beat", () => {
  lastSign = performance.now();
  if (shown === "offline" && newest) draw(newest);   // it was only slow
  if (newest) shown = String(newest.number);
});
stream.addEventListener("page", (event) => {
  lastSign = performance.now();
  const page = newest = JSON.parse(event.data);
  page.number = shown = event.lastEventId;
  draw(page);
  hear(page);
  // the second frame begins when the first one has been painted
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.body.dataset.painted = page.number;
    fetch("/painted?number=" + page.number, { method: "POST" }).catch(() => {});
  }));
});
setInterval(tick, 500);
addEventListener("resize", () => { if (newest) draw(newest); });
tick();
