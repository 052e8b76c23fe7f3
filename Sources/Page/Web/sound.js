// The page's side of sound: permission, devices, what is shown. The sound itself never passes here.

import { place } from './line.js';
import { memory, remember } from './memory.js';
import { changed, state } from './state.js';

export const sound = {
  /** `off`, `held` (the browser wants a tap first) or `on`. */
  ear: 'off',
  /** The room that is spoken into, as the node confirmed it. */
  talking: null,
  /** As the node confirmed it. */
  muted: false,
  /** The line that carries sound is not there. */
  lost: false,
  wantsMute: false,
  micState: 'off',
  micLevel: 127,
  format: '',
  refusal: null,
  output: null,
};

const policy = self.trustedTypes?.createPolicy('starling', { createScriptURL: (name) => name });
const script = (name) => policy?.createScriptURL(name) ?? name;

let worker;
let context;
let stream;
let source;
let lock;
/** Counts the times the microphone was asked for: only the last answer counts. */
let asked = 0;

/** Asks for everything that needs no permission; called from a tap where that can be had. */
async function wake() {
  if (!worker) {
    worker = new Worker(script('sound-worker.js'), { type: 'module' });
    worker.onmessage = ({ data }) => told(data);
    const opus = !new URLSearchParams(location.search).has('pcm');
    worker.postMessage({ do: 'open', place: place(location), key: memory.key, opus });
  }
  if (!context) {
    context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' });
    context.onstatechange = () => {
      if (sound.ear !== 'off') sound.ear = context.state === 'running' ? 'on' : 'held';
      changed();
    };
    await context.audioWorklet.addModule('player-worklet.js');
    await context.audioWorklet.addModule('mic-worklet.js');
    const player = new AudioWorkletNode(context, 'player', { numberOfInputs: 0, outputChannelCount: [1] });
    player.port.onmessage = ({ data }) => { sound.output = data; };
    const { port1, port2 } = new MessageChannel();
    player.port.postMessage({ in: port1 }, [port1]);
    worker.postMessage({ do: 'player', port: port2 }, [port2]);
    player.connect(context.destination);
    useOutput(memory.output);
  }
  if (context.state !== 'running') await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
}

/** Hears a room. */
export async function hear(room) {
  sound.ear = 'held';
  await wake();
  sound.ear = context.state === 'running' ? 'on' : 'held';
  const here = ['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname);
  worker.postMessage({ do: 'hear', room, compact: !here });
  stayAwake();
  changed();
}

/** After a tap: the browser now lets the page be heard. */
export async function unhold() {
  await context?.resume();
}

export function silence() {
  stopTalking();
  worker?.postMessage({ do: 'hear', room: null });
  sound.ear = 'off';
  state.levels.clear();
  lock?.release().catch(() => {});
  lock = null;
}

export function volume(room, session, value) {
  worker?.postMessage({ do: 'volume', room, session, volume: value });
}

// Speaking.

/** Opens the microphone; throws what the browser refused. */
export async function openMic() {
  await wake();
  shutMic();
  const mine = asked;
  sound.micState = 'asking';
  changed();
  let got;
  try {
    got = await navigator.mediaDevices.getUserMedia({
      audio: {
        deviceId: memory.input ? { ideal: memory.input } : undefined, channelCount: 1,
        echoCancellation: memory.echo, noiseSuppression: memory.noise, autoGainControl: memory.gain,
      },
    });
  } catch (error) {
    if (mine !== asked) throw error;
    sound.micState = error.name === 'NotFoundError' ? 'missing' : error.name === 'NotAllowedError' ? 'denied' : 'broken';
    changed();
    throw error;
  }
  if (mine !== asked) {
    for (const late of got.getTracks()) late.stop();
    throw new Error('asked again');
  }
  stream = got;
  const [track] = stream.getAudioTracks();
  // Unplugged, or forbidden: another one, or the reason.
  track.onended = () => openMic().catch(() => {});
  track.onmute = track.onunmute = () => {
    sound.micState = track.muted ? 'held' : 'on';
    changed();
  };
  source = context.createMediaStreamSource(stream);
  const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 1 });
  const { port1, port2 } = new MessageChannel();
  node.port.postMessage({ out: port1 }, [port1]);
  worker.postMessage({ do: 'mic', port: port2 }, [port2]);
  // Without a way to the loudspeaker a worklet never runs; its output is silence.
  source.connect(node).connect(context.destination);
  source.node = node;
  sound.micState = track.muted ? 'held' : 'on';
  applyMute();
  changed();
}

/** Whether nothing of the person's voice leaves the page, whatever the button says. */
export const isQuiet = () => sound.muted || sound.wantsMute || sound.micState !== 'on';

export function closeMic() {
  if (sound.talking) return;
  shutMic();
}

function shutMic() {
  asked++;
  source?.disconnect();
  source?.node?.disconnect();
  for (const track of stream?.getTracks() ?? []) track.stop();
  source = stream = null;
  sound.micState = 'off';
  sound.micLevel = 127;
}

/** Goes on stage. */
export async function talk(room, muted = false) {
  if (sound.micState !== 'on') await openMic();
  sound.refusal = null;
  sound.wantsMute = muted;
  applyMute();
  worker.postMessage({ do: 'mute', on: muted });
  worker.postMessage({ do: 'talk', room });
}

export function stopTalking() {
  worker?.postMessage({ do: 'talk', room: null });
  sound.talking = null;
  shutMic();
  changed();
}

export function mute(on) {
  if (sound.wantsMute === on) return;
  sound.wantsMute = on;
  applyMute();
  worker?.postMessage({ do: 'mute', on });
  changed();
}

/** What is muted does not leave the microphone, let alone this machine. */
function applyMute() {
  for (const track of stream?.getAudioTracks() ?? []) track.enabled = !(sound.wantsMute && sound.talking);
}

export async function devices(kind) {
  const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
  return all.filter((device) => device.kind === kind && device.deviceId);
}

export async function useInput(id) {
  remember({ input: id });
  if (sound.micState !== 'off') await openMic().catch(() => {});
}

export function useOutput(id) {
  if (id !== memory.output) remember({ output: id });
  context?.setSinkId?.(id).catch(() => {});
}

export const canChooseOutput = () => 'setSinkId' in AudioContext.prototype;

function told(data) {
  if ('lost' in data) sound.lost = data.lost;
  if ('level' in data) sound.micLevel = sound.wantsMute && sound.talking ? 127 : data.level;
  if ('talking' in data) {
    sound.talking = data.talking;
    sound.format = data.format ?? '';
    applyMute();
  }
  if ('muted' in data) sound.muted = data.muted;
  if (data.refused === 'talk') {
    sound.talking = null;
    sound.refusal = data;
    shutMic();
  }
  if (data.event?.event === 'levels') {
    const before = talking(state.levels);
    state.levels = new Map(data.event.talkers.map((talker) => [talker.session, talker]));
    if (talking(state.levels) !== before) changed();
    for (const listener of sound.meters) listener();
    return;
  }
  if (data.event?.event === 'talk.ended') {
    sound.talking = null;
    sound.refusal = { code: data.event.code ?? 'ended' };
    shutMic();
  }
  if ('level' in data) for (const listener of sound.meters) listener();
  else changed();
}

const talking = (levels) => [...levels.values()].filter((talker) => talker.talking).map((talker) => talker.session).join();

/** Told of every level: ten times a second, without drawing all of the page. */
sound.meters = new Set();

// Staying: the screen does not sleep in a room, and what slept is woken.

async function stayAwake() {
  if (lock || document.hidden || sound.ear === 'off') return;
  lock = await navigator.wakeLock?.request('screen').catch(() => null);
  lock?.addEventListener('release', () => { lock = null; });
}

export function comeBack() {
  worker?.postMessage({ do: 'hurry' });
  if (sound.ear === 'off') return;
  context?.resume();
  stayAwake();
}

navigator.mediaDevices?.addEventListener?.('devicechange', () => {
  if (sound.talking && ['missing', 'broken'].includes(sound.micState)) openMic().catch(() => {});
  changed();
});
