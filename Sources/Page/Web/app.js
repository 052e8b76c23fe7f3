// The page: which view is shown, in which language and light.

import { h, button, icon } from './dom.js';
import { hallway } from './hallway.js';
import { join } from './join.js';
import { memory, takeKey } from './memory.js';
import { isDevice, pairing } from './pair.js';
import { room } from './room.js';
import { comeBack, hear, silence, sound } from './sound.js';
import { ask, begin, hurry, myName, state, watch } from './state.js';
import { closeSheets, say } from './tell.js';
import { preferred, speak, t } from './words.js';

let view;
let shown;

const night = [...document.styleSheets[0].cssRules].find((rule) => rule.conditionText?.includes('color-scheme'));

export function light(theme) {
  night.media.mediaText = { light: 'not all', dark: 'all' }[theme] ?? '(prefers-color-scheme: dark)';
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
  const reason = state.ends.get(state.wasRemoved);
  const { link } = state.wayBack ?? {};
  if (!state.isLeaving) {
    if (link && !reason) return again(link);
    state.notice = reason ?? 'gone';
    say(t(state.notice));
  }
  closeSheets();
  state.isLeaving = false;
}

/** The node was started again and knows nothing of the room: back to where the person was. */
async function again(link) {
  state.wayBack = null;
  state.notice = 'gone.again';
  say(t(state.notice));
  closeSheets();
  let code = 'nobodyAnswered';
  // Others may take the node for the one that was, until they notice that it is gone.
  for (const end = Date.now() + 60000; code === 'nobodyAnswered' && Date.now() < end;) {
    try {
      const { room } = await ask('join', { link, name: myName() || undefined });
      if (!state.room) enter(room);
      return await hear(state.room);
    } catch (error) {
      code = error.code;
      if (state.room) return;
    }
  }
  state.notice = ['removed', 'roomClosed'].includes(code) ? `no.${code}` : 'gone';
  say(t(state.notice));
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
