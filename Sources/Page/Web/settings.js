// Choices of this browser and of the node.

import { draw, light } from './app.js';
import { nameField } from './create.js';
import { devices } from './devices.js';
import { button, choice, field, h, toggle } from './dom.js';
import { memory, remember } from './memory.js';
import { inputs, processing } from './miccheck.js';
import * as audio from './sound.js';
import { ask, state } from './state.js';
import { complain, note, sheet } from './tell.js';
import { languages, language, speak, t } from './words.js';

export function settings() {
  const name = nameField();
  name.onchange = () => remember({ name: name.value.trim() });
  const tongue = choice(language, Object.entries(languages), async (code) => {
    remember({ language: code });
    await speak(code);
    shown.close();
    draw();
    settings();
  });
  for (const option of tongue.options) option.lang = option.value;
  const theme = choice(memory.theme, ['auto', 'light', 'dark'].map((one) => [one, t(`theme.${one}`)]), (value) => {
    remember({ theme: value });
    light(value);
  });
  const talk = choice(memory.talk, [['toggle', t('talk.toggle')], ['push', t('talk.push')]], (value) => {
    remember({ talk: value });
    if (audio.sound.talking) audio.mute(value === 'push');
  });
  const sounds = h('div', { class: 'stack' });
  const root = h('div', { class: 'settings' },
    field(t('name'), name, t('name.hint')), field(t('language'), tongue), field(t('theme'), theme),
    h('h3', { text: t('mic') }), field(t('talk'), talk), sounds,
    processing(() => { if (audio.sound.micState === 'on') audio.useInput(memory.input); }),
    ...node(() => shown.close()),
    h('p', { class: 'hint', text: t('version', { version: state.status?.version ?? '' }) }));
  const shown = sheet(t('settings'), root, { wide: true });
  fill(sounds);
}

async function fill(place) {
  const outputs = audio.canChooseOutput() ? await audio.devices('audiooutput') : [];
  place.replaceChildren(await inputs(), outputs.length > 1
    ? field(t('output'), choice(memory.output, outputs.map((one) => [one.deviceId === 'default' ? '' : one.deviceId, one.label || t('output')]), audio.useOutput))
    : '');
}

/** What this node gives to others. */
function node(close) {
  if (!state.settings) return [];
  const change = async (changes) => {
    try {
      state.settings = await ask('settings', changes);
    } catch (error) {
      complain(error);
    }
  };
  const cap = h('input', { type: 'number', min: 0, max: 1000000, step: 100, inputmode: 'numeric', value: Math.round(state.settings.uplink / 1000), onchange: () => change({ uplink: Math.max(0, Number(cap.value)) * 1000 }) });
  return [h('h3', { text: t('node') }),
    toggle(t('net.never'), !state.settings.relay, (on) => change({ relay: !on }), t('net.never.hint')),
    field(t('cap'), cap, t('cap.hint')),
    state.features.has('devices')
      ? button(t('devices'), { symbol: 'qr', onclick: () => { close(); devices(); } })
      : note('note', t('devices.off'))];
}

