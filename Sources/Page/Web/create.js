// Opening a room: a title that is there already, one choice, one tap.

import { enter } from './app.js';
import { button, field, h, line } from './dom.js';
import { remember } from './memory.js';
import { hear } from './sound.js';
import { ask, myName, state } from './state.js';
import { complain, sheet } from './tell.js';
import { t } from './words.js';

export function create() {
  const name = nameField();
  const title = line(64, myName() ? t('create.of', { name: myName() }).replace(/[\u2068\u2069]/g, '') : t('create.plain'), { required: true, autocomplete: 'off' });
  const social = h('input', { type: 'radio', name: 'access', value: 'social', checked: true });
  const open = h('input', { type: 'radio', name: 'access', value: 'open' });
  const closed = h('input', { type: 'radio', name: 'access', value: 'closed' });
  const go = button(t('create.go'), { kind: 'main big', type: 'submit' });
  const form = h('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      go.disabled = true;
      remember({ name: name.value.trim() });
      try {
        const made = await ask('room.create', { title: title.value.trim() || t('create.plain'), access: [open, closed, social].find((one) => one.checked).value, name: name.value.trim() || undefined });
        shown.close();
        enter(made.room);
        hear(made.room);
      } catch (error) {
        complain(error);
      }
      go.disabled = false;
    },
  }, field(t('create.title'), title),
  h('fieldset', {}, h('legend', { text: t('create.who') }),
    option(social, t('access.social'), t('access.social.more')), option(open, t('access.open'), t('access.open.more')),
    state.features.has('stage') && option(closed, t('access.closed'), t('access.closed.more'))),
  field(t('name'), name, t('name.hint')), h('div', { class: 'actions' }, go));
  const shown = sheet(t('create'), form);
}

/** One of several, with a line that says what it means. */
export function option(input, words, more) {
  return h('label', { class: 'option' }, input, h('span', {}, h('strong', { text: words }), h('small', { text: more })));
}

export const nameField = () => line(32, myName(), { autocomplete: 'nickname' });
