// Three short motifs that differ in direction, not only in pitch; made here, no files.
"use strict";

const MOTIFS = {
  grant: [[660, 0, .12], [990, .13, .28]],          // up
  deny:  [[330, 0, .18], [220, .22, .4]],           // down
  ask:   [[523, 0, .12], [523, .2, .12]],           // twice the same
  alarm: [[880, 0, .25], [660, .3, .25], [880, .6, .25], [660, .9, .25]],
};
const MOST = 1;   // seconds that a motif waits for those before it
let audio = null, quietFrom = 0;   // when the motif being played is over

function play(motif, volume) {
  if (!MOTIFS[motif] || !window.AudioContext) return;
  audio = audio || new AudioContext();
  audio.resume();
  // one after the other: an answer may follow before the motif of the one before it is over
  const now = audio.currentTime, later = Math.min(Math.max(now, quietFrom), now + MOST);
  const begins = motif === "alarm" ? now : later;
  for (const [pitch, start, length] of MOTIFS[motif]) {
    const tone = audio.createOscillator(), loud = audio.createGain(), at = begins + start;
    quietFrom = at + length;
    tone.type = "triangle";
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0, at);
    loud.gain.linearRampToValueAtTime(volume * .6, at + .015);
    loud.gain.setTargetAtTime(0, at + length * .6, length * .2);
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length + .3);
  }
}

// Whoever was told what to do hears it to its end while their answer is on the screen beside the
// next one, whose newest words follow then. Anything else is cut off by what is newer.
let saying = "", waiting = [], turn = 0;
function speak(page) {
  waiting = waiting.filter((each) => each.passage !== page.passage);
  if (!window.speechSynthesis || !page.speech.length) return;
  if (!saying || !page.earlier.some((answer) => answer.passage === saying)) {
    waiting = [];
    saying = "";
    turn++;
    speechSynthesis.cancel();
  }
  waiting.push(page);
  if (!saying) sayNext();
}

function sayNext() {
  const shown = (page) => [newest, ...newest.earlier].some((each) => each.passage === page.passage);
  const page = waiting.find(shown), mine = ++turn;
  waiting = page ? waiting.slice(waiting.indexOf(page) + 1) : [];
  saying = page ? page.passage : "";
  if (!page) return;
  for (const sentence of page.speech) {
    const words = new SpeechSynthesisUtterance(sentence.text);
    words.lang = sentence.language;
    words.volume = page.volume;
    words.rate = .95;
    if (sentence === page.speech[page.speech.length - 1])
      words.onend = words.onerror = () => { if (mine === turn) sayNext(); };
    speechSynthesis.speak(words);
  }
}
