// Before the stage: which microphone, and does it hear.

import { button, choice, field, h, toggle } from './dom.js';
import { loud } from './face.js';
import { memory, remember } from './memory.js';
import * as audio from './sound.js';
import { note, sheet } from './tell.js';
import { t } from './words.js';

const { sound } = audio;

export function check(room, go) {
  const words = h('p', { class: 'heard', role: 'status' });
  const bar = h('div', { class: 'meter', 'aria-hidden': 'true' }, h('span', {}));
  const place = h('div', {});
  const up = button(t('mic.go'), { symbol: 'mic', kind: 'main big', onclick: () => { isGoing = true; remember({ heardMic: true }); shown.close(); go(); } });
  let isGoing = false;
  let isHeard = false;
  const meter = () => {
    bar.firstChild.style.setProperty('--loud', loud(sound.micLevel).toFixed(2));
    if (sound.micLevel < 42) isHeard = true;
    const key = sound.micState === 'on' ? (isHeard ? 'mic.heard' : 'mic.say') : `mic.${sound.micState}`;
    if (words.textContent !== t(key)) words.textContent = t(key);
    words.classList.toggle('good', isHeard && sound.micState === 'on');
    up.disabled = sound.micState !== 'on';
  };
  const root = h('div', { class: 'miccheck' }, words, bar, place, processing(() => audio.openMic().catch(() => {})),
    note('note', t('mic.others')), h('div', { class: 'actions' }, up));
  sound.meters.add(meter);
  const shown = sheet(t('mic'), root, {
    update: meter,
    onclose: () => {
      sound.meters.delete(meter);
      if (!isGoing) audio.closeMic();
    },
  });
  open();
  async function open() {
    await audio.openMic().catch(() => {});
    meter();
    place.replaceChildren(await inputs());
  }
}

export async function inputs() {
  const all = await audio.devices('audioinput');
  return all.length < 2 ? h('span', {}) : field(t('mic.which'), choice(memory.input, all.map((one) => [one.deviceId, one.label || t('mic')]), audio.useInput));
}

/** What the browser does to the voice. */
export function processing(changed) {
  const change = (name) => (on) => {
    remember({ [name]: on });
    changed?.();
  };
  return h('div', {}, toggle(t('mic.echo'), memory.echo, change('echo')), toggle(t('mic.noise'), memory.noise, change('noise')),
    toggle(t('mic.gain'), memory.gain, change('gain')));
}
