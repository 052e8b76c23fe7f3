// A device that the node does not know: it shows the code once, and keeps what it gets for it.

import { button, field, h, line } from './dom.js';
import { remember } from './memory.js';
import { begin, state } from './state.js';
import { t } from './words.js';

/** Only pages that come over TLS are paired; this machine has its link. */
export const isDevice = location.protocol === 'https:';

export function pairing(code) {
  const box = h('input', { type: 'text', required: true, autocomplete: 'one-time-code', autocapitalize: 'off', spellcheck: false, dir: 'ltr', value: code });
  const name = line(64, /iPhone|iPad|Android|Windows|Macintosh|Linux/.exec(navigator.userAgent)?.[0] ?? '');
  const told = h('p', { class: 'hint', role: 'alert' });
  const go = button(t('pair.go'), { kind: 'main big', type: 'submit' });
  return h('form', {
    class: 'stack',
    onsubmit: async (event) => {
      event.preventDefault();
      go.disabled = true;
      told.textContent = '';
      const words = await show(box.value, name.value.trim()).catch(() => t('door.lost'));
      if (words) told.textContent = words;
      go.disabled = false;
    },
  }, field(t('pair.code'), box, t('pair.hint')), field(t('pair.name'), name), told, go);
}

/** Words when the node says no. */
async function show(code, name) {
  const answer = await fetch('pair', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code, name }) });
  const said = await answer.json();
  if (!said.token) return t(said.code === 'full' ? 'no.tooManyDevices' : `pair.${said.code}`);
  remember({ key: said.token });
  // Whatever worked with an older token holds on to it.
  if (state.status) location.reload();
  else begin(said.token);
  return '';
}
