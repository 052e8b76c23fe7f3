// The room as a whole: its rules, who was removed, and its end.

import { button, h, toggle } from './dom.js';
import { settings } from './settings.js';
import * as stage from './stage.js';
import { shownRoom, state } from './state.js';
import { note, sheet } from './tell.js';
import { verify } from './verify.js';
import { t } from './words.js';

const named = ['handsDown', 'doorShut', 'listenersShown'];

export function rules() {
  const room = shownRoom();
  if (!room?.stage) return;
  const mine = stage.isHost(room);
  const rows = mine ? named.map((name) => toggle(t(`rule.${name}`), room.stage.policy.includes(name), (on, box) => change(name, on, box))) : [];
  const gone = stage.moderates(room) ? room.stage.removed : [];
  const root = h('div', {}, h('p', { class: 'quiet', text: t(`role.now.${room.stage.role ?? 'listener'}`) }),
    room.stage.host && note('crown', t('rule.host', { name: nameOf(room, room.stage.actingHost ?? room.stage.host) })),
    ...rows,
    gone.length > 0 && h('h3', { text: t('mod.gone') }),
    ...gone.map((person) => banned(person)),
    button(t('settings'), { symbol: 'gear', onclick: () => { shown.close(); settings(); } }),
    button(t('verify'), { symbol: 'shield', onclick: () => { shown.close(); verify(null); } }),
    mine && button(t('mod.close'), { symbol: 'door', kind: 'danger', onclick: () => { shown.close(); stage.closeRoom(); } }));
  const shown = sheet(t('rules'), root);
}

/** Whoever came before this page has no name here: then the key. */
function banned(person) {
  const name = state.names.get(person);
  const row = h('div', { class: 'row' }, name ? h('span', { dir: 'auto', text: name }) : h('code', { dir: 'ltr', text: person.slice(0, 12) }),
    button(t('mod.unban'), { kind: 'quiet', onclick: async () => await stage.mod('unban', { person }) && row.remove() }));
  return row;
}

const nameOf = (room, person) => room.members.find((one) => one.person === person)?.name || t('nameless');

async function change(name, on, box) {
  const policy = new Set(shownRoom()?.stage.policy ?? []);
  if (on) policy.add(name);
  else policy.delete(name);
  if (!await stage.act('mod.policy', { policy: [...policy] })) box.checked = !on;
}
