// One person in the room: as this listener hears them, and what a moderator may do.

import { button, field, h } from './dom.js';
import { face } from './face.js';
import * as audio from './sound.js';
import * as stage from './stage.js';
import { shownRoom } from './state.js';
import { note, sheet } from './tell.js';
import { verify } from './verify.js';
import { percent, t } from './words.js';

/** How loud each is played here, and what it was before it was muted. */
const volumes = new Map();

export function person(session) {
  const room = shownRoom();
  const one = room?.members.find((member) => member.session === session);
  if (!one) return;
  const mine = session === room.session;
  const words = [one.role && t(`role.${one.role}`), t(one.onStage ? 'role.stage' : 'role.audience'), mine && t('you')].filter(Boolean);
  const root = h('div', { class: 'who' }, h('div', { class: 'big' }, face(one.name || '·', 'big')),
    h('p', { class: 'quiet', text: words.join(' · ') }),
    !mine && one.onStage && loudness(room.room, session),
    deeds(room, one, () => shown.close()),
    !mine && one.person && button(t('verify'), { symbol: 'shield', kind: 'quiet', onclick: () => { shown.close(); verify(one); } }),
    one.relays && note('flock', t('person.relays')), note('shield', t('person.name')));
  const shown = sheet(one.name || t('nameless'), root);
}

function loudness(room, session) {
  const set = (value) => {
    volumes.set(session, value);
    audio.volume(room, session, value / 100);
    slider.value = value;
    shown.textContent = percent(value);
    off.querySelector('span').textContent = t(value > 0 ? 'person.mute' : 'person.unmute');
  };
  const now = volumes.get(session) ?? 100;
  const slider = h('input', { type: 'range', min: 0, max: 200, step: 10, value: now, oninput: () => set(Number(slider.value)) });
  const shown = h('output', { text: percent(now) });
  const off = button(t(now > 0 ? 'person.mute' : 'person.unmute'), { kind: 'quiet', onclick: () => set(Number(slider.value) > 0 ? 0 : 100) });
  return h('div', { class: 'stack' }, h('div', { class: 'volume' }, field(t('person.volume'), slider, t('person.here')), shown), off);
}

/** What a moderator may do, the gentlest first. */
function deeds(room, one, close) {
  if (!stage.isAbove(room, one)) return null;
  const list = [];
  const add = (words, deed, kind = '') => list.push(button(words, { kind, onclick: () => { close(); deed(); } }));
  const speaks = stage.rank(one.role) >= 1;
  if (!speaks) add(t('mod.invite'), () => stage.mod('invite', one, {}, t('mod.invited')), 'main');
  if (room.stage.hands.includes(one.person)) add(t('mod.lower'), () => stage.mod('lower', one));
  if (speaks) add(t(one.muted ? 'mod.unmute' : 'mod.mute'), () => one.muted ? stage.mod('unmute', one) : stage.mute(one));
  if (speaks) add(t('mod.demote'), () => stage.demote(one));
  if (stage.isHost(room) && one.role !== 'moderator') add(t('mod.promote'), () => stage.mod('promote', one));
  if (stage.isHost(room)) add(t('mod.handover'), () => stage.handOver(one));
  add(t('mod.remove'), () => stage.remove(one), 'danger');
  return h('section', { class: 'deeds', 'aria-label': t('mod') }, h('h3', { text: t('mod') }), ...list);
}
