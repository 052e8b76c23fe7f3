// The hallway: rooms this node is in, rooms that are open, and the two ways to others.

import { enter } from './app.js';
import { create } from './create.js';
import { button, h, icon, keyed, set, svg } from './dom.js';
import { face } from './face.js';
import { join } from './join.js';
import { network } from './network.js';
import { settings } from './settings.js';
import { hear } from './sound.js';
import { ask, myName, state } from './state.js';
import { complain, say } from './tell.js';
import { reach } from './why.js';
import { t } from './words.js';

export function hallway() {
  const reachable = h('button', { type: 'button', class: 'reach', onclick: network });
  const mine = h('ul', { class: 'rooms' });
  const open = h('ul', { class: 'rooms' });
  const mineHead = h('h2', { text: t('hall.mine') });
  const nobody = h('div', { class: 'empty' }, flock(), h('p', { text: t('hall.empty') }));
  const lost = h('p', { class: 'lost', text: t('door.lost'), hidden: true });
  const notice = h('p', { class: 'lost', hidden: true });
  const root = h('main', { class: 'hallway' },
    h('header', { class: 'top' }, h('div', { class: 'brand' }, icon('flock'), h('h1', { tabindex: -1, text: t('title') })),
      reachable, button(t('settings'), { symbol: 'gear', iconOnly: true, kind: 'plain', onclick: settings })),
    lost, notice,
    h('div', { class: 'ways' },
      button(t('create'), { symbol: 'plus', kind: 'main big', onclick: create }),
      button(t('join'), { symbol: 'link', kind: 'big', onclick: () => join() })),
    mineHead, mine,
    h('h2', { text: t('hall.open') }), open, nobody,
    h('p', { class: 'promise', text: t('promise') }));
  return {
    root,
    update() {
      const { rooms, listings } = state.status;
      const others = listings.filter((listing) => !rooms.some((room) => room.room === listing.room));
      if (lost.hidden && state.door !== 'open') say(lost.textContent);
      lost.hidden = state.door === 'open';
      notice.hidden = !state.notice;
      if (state.notice) set(notice, { text: t(state.notice) });
      mineHead.hidden = mine.hidden = !rooms.length;
      nobody.hidden = others.length > 0;
      keyed(mine, rooms, (room) => room.room, (room) => card(room, true), fill);
      keyed(open, others, (room) => room.room, (room) => card(room, false), fill);
      const { words, kind } = reach();
      if (reachable.textContent !== words) reachable.replaceChildren(h('span', { class: `dot ${kind}` }), h('span', { text: words }));
    },
  };
}

function card(room, isMine) {
  return h('li', { class: isMine ? 'card mine' : 'card' },
    h('button', { type: 'button', onclick: () => isMine ? back(room.room) : go(room) },
      h('span', { class: 'title', text: room.title, dir: 'auto' }), h('span', { class: 'who' }),
      h('span', { class: 'faces', 'aria-hidden': 'true' }),
      h('span', { class: 'go', text: t(isMine ? 'hall.back' : 'hall.enter') })));
}

function fill(element, room) {
  const people = Array.isArray(room.members) ? room.members : null;
  const stage = people?.filter((person) => person.onStage) ?? [];
  const words = people
    ? `${t('stage.count', { n: stage.length })} · ${t('listeners', { n: people.length - stage.length })}`
    : t('people', { n: room.members });
  set(element.querySelector('.who'), { text: words });
  if (people) keyed(element.querySelector('.faces'), [...stage, ...people.filter((person) => !person.onStage)].slice(0, 5), (person) => person.session, (person) => face(person.name, 'small'));
}

function back(room) {
  enter(room);
  hear(room);
}

async function go(room) {
  try {
    const joined = await ask('join', { room: room.room, name: myName() || undefined });
    back(joined.room);
  } catch (error) {
    complain(error);
  }
}

/** Birds over an empty hallway. */
function flock() {
  const birds = [];
  for (let index = 0; index < 17; index++) {
    const x = 20 + (index * 173) % 280;
    const y = 18 + (index * index * 7 + index * 53) % 84;
    const s = 4 + (index * 7) % 6;
    birds.push(svg('path', { d: `M${x} ${y}q${s * 0.7}-${s * 0.9} ${s} 0q${s * 0.3}-${s * 0.9} ${s} 0`, class: 'bird' }));
  }
  return svg('svg', { viewBox: '0 0 320 120', class: 'flock', 'aria-hidden': 'true' }, ...birds);
}
