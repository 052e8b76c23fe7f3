// The page: which view is shown, in which language and light.

import { h, button, icon } from './dom.js';
import { hallway } from './hallway.js';
import { join } from './join.js';
import { memory, takeKey } from './memory.js';
import { isDevice, pairing } from './pair.js';
import { room } from './room.js';
import { comeBack, silence, sound } from './sound.js';
import { begin, hurry, state, watch } from './state.js';
import { closeSheets, say } from './tell.js';
import { preferred, speak, t } from './words.js';

let view;
let shown;

export function light(theme) {
  document.documentElement.dataset.theme = theme;
}

/** Draws everything anew: another language, another place. */
export function draw() {
  shown = null;
  update();
}

export function enter(id) {
  state.room = id;
  state.notice = '';
  update();
  hurry();
  document.querySelector('h1')?.focus();
}

export function exit() {
  state.room = null;
  update();
  document.querySelector('h1')?.focus();
}

const isReady = () => state.status && state.door !== 'refused' && state.door !== 'nokey';

function update() {
  if (state.room && state.wasRemoved === state.room) gone();
  state.wasRemoved = null;
  const name = !isReady() ? `door ${state.door}` : state.room ? `room ${state.room}` : 'hallway';
  // Who was turned away must not go on speaking into nothing.
  if (state.door === 'refused' && sound.ear !== 'off') silence();
  if (name !== shown) {
    shown = name;
    view?.end?.();
    view = !isReady() ? door() : state.room ? room(state.room) : hallway();
    document.getElementById('app').replaceChildren(view.root);
    document.title = t('title');
  }
  view.update?.();
  document.documentElement.dataset.door = state.door;
}

/** The node is no longer in the room that was shown. */
function gone() {
  if (sound.ear !== 'off') silence();
  state.room = null;
  if (!state.isLeaving) {
    state.notice = state.ends.get(state.wasRemoved) ?? 'gone';
    say(t(state.notice));
  }
  closeSheets();
  state.isLeaving = false;
}

function door() {
  const words = h('p', {});
  const help = h('p', { class: 'hint' });
  const isStranger = state.door === 'refused' || state.door === 'nokey';
  const again = button(t('door.again'), { kind: 'quiet', onclick: hurry });
  const root = h('main', { class: 'door' }, icon('flock'), h('h1', { tabindex: -1, text: t('title') }), words, help,
    isStranger && isDevice ? pairing(code) : again);
  return {
    root,
    update() {
      words.textContent = t(isStranger && isDevice ? 'door.unpaired' : `door.${state.door}`);
      help.textContent = isStranger && !isDevice ? t('door.help') : '';
    },
  };
}

/** Of a link that was made for this device. */
let code = '';

addEventListener('online', () => {
  hurry();
  comeBack();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  hurry();
  comeBack();
});
addEventListener('hashchange', start);

function start() {
  const invite = /[#&]join=([^&]+)/.exec(location.hash);
  code = /[#&]pair=([\w-]+)/.exec(location.hash)?.[1] ?? code;
  begin(takeKey());
  if (invite) join(decodeURIComponent(invite[1]));
}

light(memory.theme);
await speak(memory.language || preferred());
watch(update);
draw();
start();
