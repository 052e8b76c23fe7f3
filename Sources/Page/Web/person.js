// One person in the room, as this listener has them.

import { button, field, h } from './dom.js';
import { face } from './face.js';
import * as audio from './sound.js';
import { shownRoom } from './state.js';
import { note, sheet } from './tell.js';
import { number, t } from './words.js';

/** How loud each is played here, and what it was before it was muted. */
const volumes = new Map();

export function person(session) {
  const room = shownRoom();
  const one = room?.members.find((member) => member.session === session);
  if (!one) return;
  const mine = session === room.session;
  const name = one.name || t('nameless');
  const role = t(one.onStage ? 'role.stage' : 'role.audience');
  const root = h('div', { class: 'who' }, h('div', { class: 'big' }, face(one.name || '·', 'big')),
    h('p', { class: 'quiet', text: mine ? `${role} · ${t('you')}` : role }),
    !mine && loudness(room.room, session),
    one.relays && note('flock', t('person.relays')),
    note('shield', t('person.name')));
  sheet(name, root);
}

function loudness(room, session) {
  const set = (value) => {
    volumes.set(session, value);
    audio.volume(room, session, value / 100);
    slider.value = value;
    shown.textContent = `${number(Number(value))} %`;
    off.querySelector('span').textContent = t(value > 0 ? 'person.mute' : 'person.unmute');
  };
  const slider = h('input', { type: 'range', min: 0, max: 200, step: 10, value: volumes.get(session) ?? 100, oninput: () => set(Number(slider.value)) });
  const shown = h('output', { text: `${number(Number(slider.value))} %` });
  const off = button(t(Number(slider.value) > 0 ? 'person.mute' : 'person.unmute'), { kind: 'quiet', onclick: () => set(Number(slider.value) > 0 ? 0 : 100) });
  return h('div', {}, h('div', { class: 'volume' }, field(t('person.volume'), slider, t('person.here')), shown), off);
}
