// What the page knows of its node, and who wants to hear of changes.

import { Line, place } from './line.js';
import { memory } from './memory.js';

export const state = {
  /** `opening`, `open`, `lost`, `refused` or `nokey`. */
  door: 'opening',
  features: new Set(),
  settings: null,
  status: null,
  /** The room that is shown. */
  room: null,
  /** Who sounds: session to `{level, talking}`. */
  levels: new Map(),
  /** Why this node left a room that it did not leave by itself. */
  ends: new Map(),
  /** What people in rooms called themselves, as long as the page stays: person to name. */
  names: new Map(),
  /** The way back into the room that is shown, should the node be started again. */
  wayBack: null,
  /** Told in the hallway until another room is entered. */
  notice: '',
  /** bit/s to others, over the last seconds. */
  sending: 0,
};

const listeners = new Set();
let isDue = false;

export function watch(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells everybody once, however many changes were made. */
export function changed() {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    for (const listener of [...listeners]) listener();
  });
}

const line = new Line({
  onstate: (door) => {
    state.door = door;
    if (door === 'open') greet();
    changed();
  },
});

/** Looks: another line, for a join may keep the first one waiting. */
const looks = new Line({
  onstate: (door) => {
    if (door === 'open') return follow();
    // Who looks every second notices first that nothing comes any more.
    line.drop();
    tales.drop();
  },
});

/** Events come on a line of their own, which carries nothing else. */
const tales = new Line({ onstate: () => {}, onevent: happened });

const tellers = new Map();

/** Calls `listener` for one kind of event; gives back what ends that. */
export function on(event, listener) {
  tellers.set(event, (tellers.get(event) ?? new Set()).add(listener));
  return () => tellers.get(event).delete(listener);
}

function happened(event) {
  const mine = state.status?.rooms.find((room) => room.room === event.room)?.stage?.person;
  if (event.event === 'closed') state.ends.set(event.room, 'no.roomClosed');
  if (event.event === 'removed' && event.on && event.person === mine) state.ends.set(event.room, 'no.removed');
  for (const listener of tellers.get(event.event) ?? []) listener(event);
  look();
}

function follow() {
  look();
  if (state.features.has('events') && !tales.socket) {
    tales.onstate = (door) => door === 'open' && tales.ask('events').catch(() => {});
    tales.open(looks.place, looks.key);
  }
}

export function begin(key) {
  if (!key) {
    state.door = 'nokey';
    return changed();
  }
  line.open(place(location), key);
  looks.open(place(location), key);
}

export const ask = (request, more) => line.ask(request, more).finally(look);

export function hurry() {
  line.hurry();
  looks.hurry();
  tales.hurry();
  look();
}

async function greet() {
  const known = await line.ask('features').catch(() => ({ features: [] }));
  state.features = new Set(known.features);
  if (state.features.has('settings')) state.settings = await line.ask('settings').catch(() => null);
  follow();
  changed();
}

let timer;
let isLooking = false;
let before;

/** Reads the node's state, now and then again. */
export async function look() {
  clearTimeout(timer);
  if (isLooking) return void (isLooking = 'again');
  isLooking = true;
  try {
    const status = await looks.ask('status');
    if (status.uptime < state.status?.uptime) wasRestarted = true;
    state.status = status;
    count(status);
    for (const one of status.rooms.flatMap((room) => room.members)) if (one.name) state.names.set(one.person, one.name);
    const room = shownRoom();
    if (room) {
      state.wasIn = room.room;
      wasRestarted = false;
      keepWay(room);
    } else if (state.wasIn && state.wasIn === state.room) {
      // Nothing can be asked until the first line is back.
      if (state.door === 'open') lost(state.room);
    } else state.wasIn = null;
    changed();
  } catch { /* The line tells when it is back. */ }
  const again = isLooking === 'again';
  isLooking = false;
  timer = setTimeout(look, again ? 100 : document.hidden ? 5000 : state.room ? 1000 : 2000);
}

let wasRestarted = false;

function lost(room) {
  state.wasIn = null;
  state.wasRemoved = room;
  if (!wasRestarted || state.wayBack?.room !== room) state.wayBack = null;
  wasRestarted = false;
}

/** A link of one's own; of no use where nobody else is, and made anew when others are. */
async function keepWay({ room, members }) {
  const who = members.map((one) => one.node).sort().join();
  if (members.length < 2 || state.wayBack?.room === room && state.wayBack.who === who) return;
  state.wayBack = { room, who };
  const made = await looks.ask('invite', { room, lifetime: 86400 }).catch(() => null);
  if (state.wayBack?.room === room) state.wayBack.link = made?.link;
}

function count(status) {
  const now = performance.now();
  const bytes = status.peers.reduce((sum, peer) => sum + peer.bytesOut, 0);
  if (before && now - before.now > 1500) {
    state.sending = Math.max(0, (bytes - before.bytes) * 8000 / (now - before.now));
    before = { now, bytes };
  }
  before ??= { now, bytes };
}

export const shownRoom = () => state.status?.rooms.find((room) => room.room === state.room);

/** The name others shall see. */
export const myName = () => memory.name || state.settings?.name || '';
