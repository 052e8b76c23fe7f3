// A link for others: how long it holds, to copy, to send, to show.

import { button, choice, field, h } from './dom.js';
import { qr } from './qr.js';
import { ask } from './state.js';
import { complain, note, say, sheet, toast } from './tell.js';
import { t } from './words.js';

export function invite(room) {
  const link = h('textarea', { rows: 3, readonly: true, dir: 'ltr', onfocus: () => link.select() });
  const picture = h('div', { class: 'qr', role: 'img', 'aria-label': t('invite.qr') });
  const copy = button(t('invite.copy'), {
    symbol: 'copy', kind: 'main',
    onclick: async () => {
      link.select();
      await navigator.clipboard.writeText(link.value).catch(() => document.execCommand('copy'));
      toast(t('invite.copied'));
      say(t('invite.copied'));
    },
  });
  const send = navigator.share && button(t('invite.send'), { symbol: 'share', onclick: () => navigator.share({ text: link.value }).catch(() => {}) });
  const life = choice('86400', [['3600', t('life.hour')], ['86400', t('life.day')], ['604800', t('life.week')]], make);
  async function make() {
    try {
      const made = await ask('invite', { room, lifetime: Number(life.value) });
      link.value = made.link;
      picture.replaceChildren(qr(made.link));
    } catch (error) {
      complain(error);
    }
  }
  sheet(t('invite'), h('div', { class: 'invite' }, note('note', t('invite.who')), picture, field(t('invite.life'), life), field(t('invite.link'), link),
    h('div', { class: 'actions' }, send, copy)));
  make();
}
