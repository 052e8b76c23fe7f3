// A room: who is on stage and who listens, why it is silent, and the three things a hand can reach.

import { exit } from './app.js';
import { button, h, icon, keyed, set } from './dom.js';
import { face, loud } from './face.js';
import { invite } from './invite.js';
import { memory } from './memory.js';
import { check } from './miccheck.js';
import { network } from './network.js';
import { person } from './person.js';
import { rules } from './rules.js';
import { settings } from './settings.js';
import * as audio from './sound.js';
import { act, isHandUp, isOffered, maySpeak, mod, moderates } from './stage.js';
import { showSigns, signs } from './signs.js';
import { ask, myName, shownRoom, state } from './state.js';
import { complain, confirm, say, updateSheets } from './tell.js';
import { why } from './why.js';
import { t } from './words.js';

const { sound } = audio;

export function room(id) {
  const title = h('h1', { tabindex: -1, dir: 'auto' });
  const count = h('p', { class: 'sub' });
  const reason = h('p', { class: 'why' });
  const tap = button(t('tap'), { symbol: 'ear', kind: 'main', onclick: () => audio.hear(id) });
  const stageHead = h('h2', { id: 'stage-head' });
  const stage = h('ul', { class: 'stage', 'aria-labelledby': 'stage-head' });
  const restHead = h('h2', { id: 'rest-head' });
  const rest = h('ul', { class: 'audience', 'aria-labelledby': 'rest-head' });
  const noStage = h('p', { class: 'quiet', text: t('stage.empty') });
  const noRest = h('p', { class: 'quiet', text: t('audience.empty') });
  const more = button(t('rules'), { symbol: 'crown', iconOnly: true, kind: 'plain', onclick: rules });
  const seat = offered(id);
  const queue = hands();
  const dock = docked(id);
  const root = h('main', { class: 'room' },
    h('header', { class: 'top' },
      button(t('back'), { symbol: 'back', iconOnly: true, kind: 'plain', onclick: exit }),
      h('div', { class: 'heading' }, title, count),
      button(t('invite'), { symbol: 'share', iconOnly: true, kind: 'plain', onclick: () => invite(id) }),
      button(t('network'), { symbol: 'flock', iconOnly: true, kind: 'plain', onclick: network }),
      more, button(t('settings'), { symbol: 'gear', iconOnly: true, kind: 'plain spare', onclick: settings })),
    h('div', { class: 'body' },
      h('div', { class: 'floor' }, h('div', { class: 'reason' }, reason, tap), seat, stageHead, stage, noStage, queue.root),
      h('section', { class: 'seats', 'aria-labelledby': 'rest-head' }, restHead, rest, noRest)),
    dock.root);
  const told = teller();
  const endSigns = showSigns(id, root);
  const end = () => {
    endSigns();
    dock.end();
  };
  function update() {
    const known = shownRoom();
    if (!known) return;
    const onStage = known.members.filter((one) => one.onStage).sort(bySession);
    const seated = known.members.filter((one) => !one.onStage).sort(bySession);
    set(title, { text: known.title });
    set(count, { text: `${t('people', { n: known.members.length })} · ${t(`access.${known.access}`)}` });
    set(stageHead, { text: t('stage', { n: onStage.length }) });
    set(restHead, { text: t('audience', { n: seated.length }) });
    keyed(stage, onStage, key, (one) => tile(one.session, ''), (tile, one) => fill(tile, one, known));
    keyed(rest, seated, key, (one) => tile(one.session, 'small'), (tile, one) => fill(tile, one, known));
    noStage.hidden = onStage.length > 0;
    noRest.hidden = seated.length > 0;
    const { words, symbol, kind } = why(known);
    if (reason.textContent !== words) {
      reason.replaceChildren(icon(symbol), h('span', { text: words }));
      if (kind === 'bad' || kind === 'warn') say(words);
    }
    reason.className = `why ${kind}`;
    tap.hidden = sound.ear === 'on';
    more.hidden = !known.stage;
    seat.hidden = !isOffered(known);
    queue.update(known);
    dock.update(known);
    told(known);
    meter(stage);
    updateSheets();
  }
  sound.meters.clear();
  sound.meters.add(() => meter(stage));
  sound.meters.add(() => dock.meter());
  sound.meters.add(updateSheets);
  return { root, update, end };
}

const key = (one) => one.session;

/** Listeners may keep their name to themselves. */
const nameOf = (one, mine) => one.name || mine && myName() || t(one.person && !one.onStage ? 'role.listener' : 'nameless');
const bySession = (left, right) => left.session - right.session;

function tile(session, size) {
  return h('li', {}, h('button', { type: 'button', class: 'person', onclick: () => person(session) },
    h('span', { class: `ring ${size}` }), h('span', { class: 'name', dir: 'auto' }), h('span', { class: 'state' })));
}

function fill(element, one, known) {
  const mine = one.session === known.session;
  const ring = element.querySelector('.ring');
  const name = one.name || mine && myName() || '·';
  if (ring.dataset.name !== name) {
    ring.dataset.name = name;
    ring.replaceChildren(face(name, ring.classList.contains('small') ? 'small' : ''));
  }
  set(element.querySelector('.name'), { text: nameOf(one, mine) });
  const muted = Boolean(one.muted || mine && sound.talking && audio.isQuiet());
  const words = [mine && t('you'), ['host', 'moderator'].includes(one.role) && t(`role.${one.role}`), muted && t('muted'), one.onStage && !mine && !one.audible && t('nokey'), one.waits && t('waits')].filter(Boolean);
  set(element.querySelector('.state'), { text: words.join(' · ') });
  element.classList.toggle('mine', mine);
  element.classList.toggle('muted', muted);
}

/** Rings move without the page being drawn. */
function meter(stage) {
  const known = shownRoom();
  for (const item of stage.children) {
    const session = Number(item.dataset.key);
    const mine = session === known?.session;
    const level = mine ? (sound.talking && !audio.isQuiet() ? sound.micLevel : 127) : state.levels.get(session)?.level ?? 127;
    const talks = mine ? level < 45 : state.levels.get(session)?.talking ?? false;
    const ring = item.querySelector('.ring');
    const value = talks ? loud(level).toFixed(1) : '0';
    if (ring.dataset.loud !== value) {
      ring.dataset.loud = value;
      ring.style.setProperty('--loud', value);
    }
    ring.classList.toggle('talks', talks);
  }
}

/** Within reach of a thumb. */
function docked(id) {
  const leave = button(t('leave'), { symbol: 'leave', kind: 'leave', onclick: () => goodbye(id) });
  const speak = button(t('speak'), { symbol: 'mic', kind: 'main', onclick: () => memory.heardMic ? start() : check(id, start) });
  const down = button(t('down'), { symbol: 'down', kind: 'quiet', onclick: stepDown });
  const hand = button(t('hand.up'), { symbol: 'hand', kind: 'main', onclick: () => act('hand', { up: !isHandUp(shownRoom()) }) });
  const live = h('button', { type: 'button', class: 'button live' }, icon('mic'), h('span', {}));
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
  live.append(bar);
  const root = h('div', { class: 'dock' }, state.features.has('react') && signs(id),
    h('div', { class: 'bar-row', role: 'toolbar', 'aria-label': t('dock') }, leave, down, speak, hand, live));
  let shape = '';

  async function start() {
    try {
      await audio.talk(id, memory.talk === 'push');
    } catch {
      check(id, start);
    }
  }
  const push = () => memory.talk === 'push';
  const isDead = () => !['on', 'held', 'asking'].includes(sound.micState);
  live.onclick = () => {
    if (isDead()) audio.openMic().catch(() => {});
    else if (!push()) audio.mute(!sound.wantsMute);
  };
  live.onpointerdown = (event) => {
    if (!push() || isDead()) return;
    live.setPointerCapture(event.pointerId);
    audio.mute(false);
  };
  live.onpointerup = live.onpointercancel = () => { if (push()) audio.mute(true); };
  /** The space bar speaks wherever it would not do something else. */
  const isFree = (event) => push() && sound.talking && event.key === ' ' && !event.target.closest?.('button, input, select, textarea, dialog, a, summary');
  const pressed = (event) => {
    if (!isFree(event)) return;
    event.preventDefault();
    audio.mute(false);
  };
  const released = (event) => { if (isFree(event)) audio.mute(true); };
  addEventListener('keydown', pressed);
  addEventListener('keyup', released);
  live.onkeydown = (event) => { if (push() && !isDead() && (event.key === ' ' || event.key === 'Enter')) { event.preventDefault(); audio.mute(false); } };
  live.onkeyup = live.onblur = () => { if (push() && sound.talking) audio.mute(true); };

  return {
    root,
    end() {
      removeEventListener('keydown', pressed);
      removeEventListener('keyup', released);
    },
    update(known) {
      const talks = sound.talking === id;
      down.hidden = live.hidden = !talks;
      speak.hidden = talks || !maySpeak(known);
      hand.hidden = talks || maySpeak(known);
      hand.disabled = known.stage?.policy.includes('handsDown') && !isHandUp(known);
      set(hand.querySelector('span'), { text: t(isHandUp(known) ? 'hand.down' : 'hand.up') });
      set(hand, { 'aria-pressed': String(isHandUp(known)) });
      const muted = talks && audio.isQuiet();
      const now = `${talks} ${muted} ${push()} ${isDead()} ${sound.wantsMute}`;
      if (now !== shape) {
        const held = document.activeElement;
        shape = now;
        live.classList.toggle('off', muted);
        live.setAttribute('aria-pressed', String(!muted));
        live.replaceChildren(icon(muted ? 'micOff' : 'mic'), h('span', { text: t(isDead() ? 'door.again' : push() ? 'hold' : sound.wantsMute ? 'unmute' : 'mute') }), bar);
        if (talks && held === speak) live.focus();
        if (!talks && (held === live || held === down)) speak.focus();
      }
      if (sound.refusal) {
        // A node that was started again is in no room: that is told already.
        if (sound.refusal.code !== 'notIn') complain({ code: sound.refusal.code === 'ended' ? 'taken' : sound.refusal.code, message: sound.refusal.words });
        sound.refusal = null;
      }
    },
    meter: () => bar.style.setProperty('--loud', loud(sound.micLevel).toFixed(2)),
  };
}

function goodbye(id) {
  const leave = async () => {
    state.isLeaving = true;
    audio.silence();
    exit();
    await ask('leave', { room: id }).catch(complain);
    state.isLeaving = false;
  };
  if (shownRoom()?.members.length === 1) return confirm(t('leave.last'), t('leave'), leave);
  return leave();
}

/** A speaker who was asked up goes back among the listeners; roles of other kinds stay. */
function stepDown() {
  const seated = shownRoom()?.stage?.role === 'speaker';
  audio.stopTalking();
  if (seated) act('stage.leave', {});
}

/** A seat on the stage is offered. */
function offered(id) {
  const come = async () => {
    if (!await act('stage.accept', {})) return;
    const up = () => audio.talk(id, memory.talk === 'push').catch(() => check(id, up));
    if (memory.heardMic) up();
    else check(id, up);
  };
  return h('div', { class: 'offer', role: 'alert', hidden: true }, icon('hand'), h('p', { text: t('seat') }), button(t('seat.take'), { kind: 'main', onclick: come }));
}

/** Hands in the order in which they were raised. */
function hands() {
  const head = h('h2', { id: 'hands-head' });
  const list = h('ol', { class: 'hands', 'aria-labelledby': 'hands-head' });
  const root = h('section', { hidden: true }, head, list);
  return {
    root,
    update(known) {
      const up = (known.stage?.hands ?? []).map((person) => known.members.find((one) => one.person === person) ?? { person, name: '' });
      root.hidden = !up.length;
      set(head, { text: t('hands', { n: up.length }) });
      const may = moderates(known);
      keyed(list, up, (one) => `${one.person}${may}`, (one) => h('li', {}, face(one.name || '·', 'small'), h('span', { class: 'name', dir: 'auto', text: one.name || t('nameless') }),
        may && button(t('mod.invite'), { onclick: () => mod('invite', one, {}, t('mod.invited')) })));
    },
  };
}

/** Tells a screen reader who came, went, and took the stage: a few words at a time. */
function teller() {
  let before = null;
  return (known) => {
    const now = new Map(known.members.map((one) => [one.session, one]));
    if (before && now.size < 50) {
      for (const [session, one] of now) {
        const was = before.get(session);
        if (session === known.session) continue;
        if (!was) say(t('came', { name: nameOf(one) }));
        else if (one.onStage && !was.onStage) say(t('up', { name: nameOf(one) }));
      }
      for (const [session, one] of before) if (!now.has(session)) say(t('went', { name: nameOf(one) }));
    }
    before = now;
  };
}

