// How this node stands with the others, in plain words and as a picture.

import { h, keyed, set, toggle } from './dom.js';
import { picture } from './mesh.js';
import { sound } from './sound.js';
import { ask, shownRoom, state, watch } from './state.js';
import { complain, note, sheet } from './tell.js';
import { t } from './words.js';

export function network() {
  const lines = h('ul', { class: 'lines' });
  const drawn = h('div', { class: 'mesh' });
  const legend = h('p', { class: 'legend' }, h('span', { class: 'tree a', text: t('net.treeA') }), h('span', { class: 'tree b', text: t('net.treeB') }));
  const relay = state.settings && toggle(t('net.never'), !state.settings.relay, never, t('net.never.hint'));
  const root = h('div', { class: 'network' }, lines, drawn, legend, relay,
    h('h3', { text: t('net.keeps') }), note('door', t('net.nothing')), note('shield', t('net.see')));
  const update = () => {
    keyed(lines, facts(), (fact) => fact.key, () => h('li', {}), (item, fact) => {
      set(item, { text: fact.words });
      item.className = fact.kind ?? '';
    });
    const room = shownRoom();
    drawn.hidden = legend.hidden = !room;
    if (room) picture(drawn, room);
  };
  const stop = watch(update);
  sheet(t('network'), root, { update, onclose: stop, wide: true });
}

async function never(on, box) {
  try {
    state.settings = await ask('settings', { relay: !on });
  } catch (error) {
    box.checked = !on;
    complain(error);
  }
}

/** Addresses that nobody reaches from elsewhere. */
const near = /@(127\.|10\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\[(fe[89ab]|f[cd]|::1))/;

function facts() {
  const { status } = state;
  const list = [];
  const add = (key, values, kind) => list.push({ key, words: t(key, values), kind });
  const { peers } = status;
  if (!peers.length) add('net.alone', {}, 'warn');
  else {
    add('net.peers', { n: peers.length });
    const tunnels = peers.filter((peer) => peer.tunnel).length;
    if (tunnels) add('net.tunnels', { n: tunnels });
    const times = peers.map((peer) => peer.rtt).filter((time) => time != null).sort((left, right) => left - right);
    if (times.length) add('net.rtt', { ms: Math.max(1, Math.round(times[times.length >> 1])) });
    const worst = Math.max(...peers.map((peer) => peer.lossPermille));
    add(worst > 20 ? 'net.loss' : 'net.noloss', { percent: worst / 10 }, worst > 20 ? 'warn' : '');
  }
  const room = shownRoom();
  if (room) {
    const parents = room.trees.filter((tree) => tree.parent).length;
    const children = new Set(room.trees.flatMap((tree) => tree.children)).size;
    const speakers = room.members.filter((one) => one.onStage && one.session !== room.session);
    // Whoever sits close to the stage is fed by those who speak, without a relay.
    const direct = !parents && speakers.some((one) => state.levels.has(one.session));
    if (direct) add('net.direct');
    else if (parents || speakers.length) add(`net.ways${parents}`, {}, parents === 2 ? '' : 'warn');
    add(children ? 'net.relaying' : 'net.notrelaying', { n: children, rate: Math.round(state.sending / 1000) });
    const waits = Math.max(0, ...room.streams.map((stream) => stream.waits ?? 0));
    if (waits) add('net.buffer', { ms: waits + Math.round(sound.output?.waits ?? 0) });
  }
  if (state.settings) add('net.cap', { rate: Math.round(state.settings.uplink / 1000) });
  const isPublic = status.addresses.some((address) => !near.test(address));
  add(isPublic ? 'net.public' : 'net.private', {}, isPublic ? '' : 'warn');
  return list;
}

