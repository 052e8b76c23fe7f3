// Signs without words: a row to tap, and what others show, for a moment.

import { h, icon } from './dom.js';
import { ask, on, shownRoom, state } from './state.js';
import { complain, say } from './tell.js';
import { t } from './words.js';

/** Drawn here: not every machine has a font with pictures. */
const drawn = new Set(['clap', 'laugh', 'heart', 'wave', 'wow', 'agree']);
/** As long as the eye needs; then nothing of it is left. */
const shown = 2200;
/** On one person at once; more would cover the face. */
const most = 3;
/** A screen reader says at most so often what was shown. */
const pause = 8000;

export function signs(id) {
  const send = (sign) => ask('react', { room: id, sign }).catch((error) => error.code !== 'tooOften' && complain(error));
  return h('div', { class: 'signs', role: 'group', 'aria-label': t('react') },
    ...[...drawn].map((sign) => h('button', { type: 'button', class: 'sign', 'aria-label': t(`react.${sign}`), title: t(`react.${sign}`), onclick: () => send(sign) }, icon(sign))));
}

/** Puts a sign on whoever shows it; gives back what ends that. */
export function showSigns(id, root) {
  let heard = [];
  let timer;
  const tell = () => {
    timer = null;
    const [first] = heard;
    if (first) say(t('react.said', { n: heard.length, name: first.name, more: heard.length - 1, sign: t(`react.${first.sign}`) }));
    heard = [];
  };
  return on('reacted', (event) => {
    if (event.room !== id || state.room !== id || !drawn.has(event.sign)) return;
    const room = shownRoom();
    const one = room?.members.find((member) => member.person === event.person);
    const ring = one && root.querySelector(`li[data-key="${one.session}"] .ring`);
    const place = ring ?? root.querySelector('.signs');
    if (!place || place.querySelectorAll('.shown').length >= most) return;
    const sign = h('span', { class: 'shown', 'aria-hidden': 'true' }, icon(event.sign));
    place.append(sign);
    setTimeout(() => sign.remove(), shown);
    if (!one || one.session === room.session) return;
    heard.push({ name: one.name || t('nameless'), sign: event.sign });
    timer ??= setTimeout(tell, heard.length > 1 ? pause : 1500);
  });
}
