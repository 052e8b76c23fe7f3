// Roles, hands and moderation: what this person may do here, and doing it.

import { ask, state } from './state.js';
import { complain, confirm, toast } from './tell.js';
import { t } from './words.js';

const ranks = ['listener', 'speaker', 'moderator', 'host'];

export const rank = (role) => ranks.indexOf(role ?? 'listener');

/** Whether this person may take the microphone; a node without roles lets everybody. */
export function maySpeak(room) {
  return !room.stage || rank(room.stage.role) >= 1 && !room.stage.muted;
}

/** Somebody offered a seat, and it still holds. */
export const isOffered = (room) => (room.stage?.seatUntil ?? 0) > Date.now() && rank(room.stage.role) < 1;

export const moderates = (room) => rank(room.stage?.role) >= 2;

export const isHost = (room) => room.stage?.role === 'host' || Boolean(room.stage?.person && room.stage.person === room.stage.host);

/** Whether this person may decide about that one. */
export const isAbove = (room, one) => moderates(room) && one.session !== room.session && rank(room.stage.role) > rank(one.role);

export const isHandUp = (room) => room.stage?.hands.includes(room.stage.person) ?? false;

export async function act(request, more, done) {
  try {
    await ask(request, { room: state.room, ...more });
    if (done) toast(done);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export const mod = (action, one, more = {}, done) => act('mod', { action, person: one.person, ...more }, done);

/** With a way back: everybody hears of it, and of its end. */
async function undoable(action, back, one, words) {
  if (await mod(action, one)) toast(words, () => mod(back, one));
}

export const mute = (one) => undoable('mute', 'unmute', one, t('mod.muted', { name: one.name }));

export const demote = (one) => undoable('demote', one.role === 'moderator' ? 'promote' : 'speaker', one, t('mod.demoted', { name: one.name || t('nameless') }));

export function remove(one) {
  confirm(t('mod.remove.ask', { name: one.name || t('nameless') }), t('mod.remove'), () => undoable('remove', 'unban', one, t('mod.removed', { name: one.name || t('nameless') })));
}

export function handOver(one) {
  confirm(t('mod.handover.ask', { name: one.name }), t('mod.handover'), () => mod('handover', one));
}

export function closeRoom() {
  confirm(t('mod.close.ask'), t('mod.close'), () => act('mod.close', {}));
}
