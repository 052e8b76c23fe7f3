// Are we who we think we are? Digits to read aloud, and pictures that both ends compare.

import { button, h } from './dom.js';
import { ask, on, state } from './state.js';
import { complain, note, sheet } from './tell.js';
import { t } from './words.js';

export async function verify(one) {
  const code = h('p', { class: 'code', dir: 'ltr' });
  const safety = h('p', { class: 'code', dir: 'ltr' });
  const pictures = h('ul', { class: 'pictures' });
  const told = h('p', { class: 'hint', role: 'status' });
  const compare = button(t('verify.compare'), {
    kind: 'main',
    onclick: async () => {
      told.textContent = t('verify.wait');
      try {
        await ask('compare', { room, person: one.person });
      } catch (error) {
        told.textContent = '';
        complain(error);
      }
    },
  });
  const room = state.room;
  const stop = on('compared', (event) => {
    if (event.room !== room || event.person !== one?.person) return;
    told.textContent = t(event.pictures ? 'verify.same' : event.reason === 'fraud' ? 'verify.fraud' : 'verify.ended');
    pictures.replaceChildren(...(event.pictures ?? []).map((picture, index) => h('li', {}, h('span', { 'aria-hidden': 'true', text: picture }), h('small', { text: event.words[index], lang: 'en', dir: 'ltr' }))));
  });
  const root = h('div', { class: 'verify' },
    one && h('h3', { text: t('verify.safety', { name: one.name || t('nameless') }) }), one && note('shield', t('verify.safety.more')), one && safety,
    one && compare, one && told, one && pictures,
    h('h3', { text: t('verify.room') }), note('shield', t('verify.room.more')), code);
  sheet(t('verify'), root, { onclose: stop });
  try {
    const codes = await ask('verify', { room, person: one?.person });
    code.textContent = codes.room.join(' ');
    safety.textContent = codes.safety?.join(' ') ?? '';
  } catch (error) {
    complain(error);
  }
}
