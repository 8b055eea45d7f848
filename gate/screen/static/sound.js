// Three short motifs that differ in direction, not only in pitch; made here, no files.
"use strict";

const MOTIFS = {
  grant: [[660, 0, .12], [990, .13, .28]],          // up
  deny:  [[330, 0, .18], [220, .22, .4]],           // down
  ask:   [[523, 0, .12], [523, .2, .12]],           // twice the same
  alarm: [[880, 0, .25], [660, .3, .25], [880, .6, .25], [660, .9, .25]],
};
let audio = null;

function play(motif, volume) {
  if (!MOTIFS[motif] || !window.AudioContext) return;
  audio = audio || new AudioContext();
  audio.resume();
  for (const [pitch, start, length] of MOTIFS[motif]) {
    const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + start;
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

function speak(sentences, volume) {
  if (!window.speechSynthesis || !sentences.length) return;
  speechSynthesis.cancel();
  for (const sentence of sentences) {
    const words = new SpeechSynthesisUtterance(sentence.text);
    words.lang = sentence.language;
    words.volume = volume;
    words.rate = .95;
    speechSynthesis.speak(words);
  }
}
