// Why it is silent, and how this node stands with others, in words.

import { isQuiet, sound } from './sound.js';
import { state } from './state.js';
import { t } from './words.js';

/** The one reason that matters now: the first that holds. */
export function why(room) {
  if (state.door !== 'open' || sound.lost) return { words: t('why.node'), symbol: 'note', kind: 'bad' };
  if (sound.ear === 'held' || sound.ear === 'off') return { words: t('why.tap'), symbol: 'ear', kind: 'warn' };
  if (sound.talking && sound.micState !== 'on') return { words: t(`mic.${sound.micState}`), symbol: 'micOff', kind: 'bad' };
  if (room.members.some((one) => one.session === room.session && one.waits)) return { words: t('why.waits'), symbol: 'mic', kind: 'warn' };
  const others = room.members.filter((one) => one.session !== room.session);
  if (!others.length) return { words: t('why.alone'), symbol: 'alone', kind: '' };
  if (!room.neighbours.length && !room.trees.some((tree) => tree.parent || tree.children.length)) return { words: t('why.noway'), symbol: 'note', kind: 'bad' };
  const stage = others.filter((one) => one.onStage);
  const talking = stage.filter((one) => state.levels.get(one.session)?.talking);
  if (talking.length) return { words: t('why.talks', { n: talking.length, name: talking[0].name || t('nameless'), more: talking.length - 1 }), symbol: 'ear', kind: 'good' };
  const locked = stage.find((one) => !one.audible);
  if (locked) return { words: t('why.key', { name: locked.name || t('nameless') }), symbol: 'note', kind: 'warn' };
  if (room.stage?.muted) return { words: t('why.silenced'), symbol: 'micOff', kind: 'warn' };
  if (sound.talking) return { words: t(isQuiet() ? 'why.muted' : 'why.me'), symbol: isQuiet() ? 'micOff' : 'mic', kind: isQuiet() ? '' : 'good' };
  if (!stage.length) return { words: t('why.stage'), symbol: 'ear', kind: '' };
  const lacking = stage.every((one) => !state.levels.has(one.session));
  return { words: t(lacking ? 'why.nothing' : 'why.pause'), symbol: 'ear', kind: lacking ? 'warn' : '' };
}

/** In a few words, how this node stands. */
export function reach() {
  if (state.door !== 'open') return { words: t('reach.lost'), kind: 'bad' };
  const count = state.status.peers.length;
  return count ? { words: t('reach.peers', { n: count }), kind: 'good' } : { words: t('reach.none'), kind: 'warn' };
}
