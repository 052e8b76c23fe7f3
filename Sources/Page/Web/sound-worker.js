// Sound between the node and the worklets, off the page's thread: a busy page does not stutter.

import { Line } from './line.js';

const wish = { hear: null, talk: null, isMuted: false, volumes: new Map() };
let line;
let mic;
let player;
let encoder;
let decoder;
let levels = [];
let loudest = 127;
let frames = 0;
let isTalking = false;
let isOpus = true;

onmessage = ({ data }) => actions[data.do]?.(data);

const actions = {
  open({ place, key, opus }) {
    isOpus = opus && 'AudioEncoder' in self && 'AudioDecoder' in self;
    line = new Line({ onstate: (door) => door === 'open' ? greet() : postMessage({ lost: true }), onevent: happened, onsound: heard });
    line.open(place, key);
  },
  player({ port }) { player = port; },
  mic({ port }) {
    mic?.close();
    mic = port;
    mic.onmessage = ({ data }) => captured(data);
  },
  hear({ room, compact }) {
    wish.hear = room && { room, format: compact && isOpus ? 'opus' : 's16le' };
    hear();
  },
  talk({ room }) {
    wish.talk = room;
    talk();
  },
  mute({ on }) {
    wish.isMuted = on;
    mute();
  },
  volume({ room, session, volume }) {
    wish.volumes.set(session, { room, session, volume });
    line?.ask('volume', { room, session, volume }).catch(() => {});
  },
  hurry() { line?.hurry(); },
};

/** While a room is heard something comes fifty times a second; when nothing does, the way is gone. */
const silence = 5000;

setInterval(() => {
  if (wish.hear && line && Date.now() - (line.heardAt ?? Infinity) > silence) line.drop();
}, 1000);

async function greet() {
  isTalking = false;
  hear();
  await talk();
  postMessage({ lost: false });
}

function hear() {
  if (!wish.hear) return line?.ask('hear.stop').catch(() => {});
  const wanted = wish.hear;
  line?.ask('hear', wanted).then(() => {
    for (const volume of wish.volumes.values()) if (volume.room === wanted.room) line.ask('volume', volume).catch(() => {});
    postMessage({ hearing: wanted.room });
  }, (error) => postMessage({ refused: 'hear', code: error.code, words: error.message }));
}

async function talk() {
  if (!wish.talk) {
    isTalking = false;
    return line?.ask('talk.stop').then(() => postMessage({ talking: null }), () => {});
  }
  try {
    if (isOpus) await makeEncoder();
    await line.ask('talk', { room: wish.talk, format: isOpus ? 'opus' : 's16le', bitrate: rate });
    isTalking = true;
    postMessage({ talking: wish.talk, format: isOpus ? 'opus' : 's16le' });
    mute();
  } catch (error) {
    if (error.code === 'lost') return;
    wish.talk = null;
    postMessage({ refused: 'talk', code: error.code, words: error.message });
  }
}

function mute() {
  if (!isTalking) return;
  const on = wish.isMuted;
  line.ask('mute', { on }).then(() => postMessage({ muted: on }), () => {});
}

function happened(event) {
  if (event.event === 'talk.ended') {
    isTalking = false;
    wish.talk = null;
  }
  if (event.event === 'hear.ended') wish.hear = null;
  postMessage({ event });
}

// The microphone to the node.

const rate = 24000;
const frameBytes = rate / 400;

async function makeEncoder() {
  if (encoder?.state === 'configured') return;
  const settings = {
    codec: 'opus', sampleRate: 48000, numberOfChannels: 1, bitrate: rate, bitrateMode: 'constant',
    opus: { frameDuration: 20000, application: 'voip', signal: 'voice', complexity: 9 },
  };
  const { supported } = await AudioEncoder.isConfigSupported(settings).catch(() => ({ supported: false }));
  if (!supported) {
    isOpus = false;
    return;
  }
  levels = [];
  encoder = new AudioEncoder({ output: coded, error: () => { encoder = null; useSamples(); } });
  encoder.configure(settings);
}

function captured(samples) {
  const level = loudness(samples);
  loudest = Math.min(loudest, level);
  if (++frames % 5 === 0) {
    postMessage({ level: loudest });
    loudest = 127;
  }
  if (!isTalking || wish.isMuted) return;
  if (!isOpus) return line.sound(words(samples));
  if (encoder?.state !== 'configured' || encoder.encodeQueueSize > 5) return;
  levels.push(level);
  const sound = new AudioData({ format: 'f32', sampleRate: 48000, numberOfFrames: 960, numberOfChannels: 1, timestamp: frames * 20000, data: samples });
  encoder.encode(sound);
  sound.close();
}

function coded(chunk) {
  const level = levels.shift() ?? 127;
  if (chunk.byteLength !== frameBytes) return useSamples();
  const message = new Uint8Array(1 + frameBytes);
  message[0] = level;
  chunk.copyTo(message.subarray(1));
  line.sound(message);
}

/** This browser's encoder does not keep to one size, so the node shall code. */
function useSamples() {
  if (!isOpus) return;
  isOpus = false;
  if (!isTalking) return;
  isTalking = false;
  line.ask('talk.stop').catch(() => {});
  talk();
}

function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.min(127, Math.max(0, Math.round(-10 * Math.log10(sum / samples.length + 1e-13))));
}

function words(samples) {
  const bytes = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, index) => bytes.setInt16(2 * index, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true));
  return bytes.buffer;
}

// The node to the loudspeaker.

function heard(bytes) {
  if (!player) return;
  if (wish.hear?.format === 'opus') return decode(bytes);
  if (bytes.byteLength !== 1920) return;
  const view = new DataView(bytes);
  const samples = new Float32Array(960);
  for (let index = 0; index < 960; index++) samples[index] = view.getInt16(2 * index, true) / 32768;
  player.postMessage(samples, [samples.buffer]);
}

let packets = 0;

function decode(bytes) {
  if (decoder?.state !== 'configured') {
    decoder = new AudioDecoder({
      output: (sound) => {
        const samples = new Float32Array(sound.numberOfFrames);
        sound.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
        sound.close();
        player.postMessage(samples, [samples.buffer]);
      },
      error: () => { decoder = null; },
    });
    decoder.configure({ codec: 'opus', sampleRate: 48000, numberOfChannels: 1 });
  }
  decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: packets++ * 20000, duration: 20000, data: bytes }));
}
