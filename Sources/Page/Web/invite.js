// A link for others: what it gives, how long it holds, to copy, to send, to show, to take back.

import { button, choice, field, h, keyed, toggle } from './dom.js';
import { qr } from './qr.js';
import { act, moderates } from './stage.js';
import { ask, shownRoom } from './state.js';
import { complain, note, sheet, toast } from './tell.js';
import { moment, t } from './words.js';

export function invite(room) {
  const link = h('textarea', { rows: 4, readonly: true, dir: 'ltr', onfocus: () => link.select() });
  const picture = h('div', { class: 'qr', role: 'img', 'aria-label': t('invite.qr') });
  const copy = button(t('invite.copy'), {
    symbol: 'copy', kind: 'main',
    onclick: async () => {
      link.select();
      await navigator.clipboard.writeText(link.value).catch(() => document.execCommand('copy'));
      toast(t('invite.copied'));
    },
  });
  const send = navigator.share && button(t('invite.send'), { symbol: 'share', onclick: () => navigator.share({ text: link.value }).catch(() => {}) });
  const life = choice('86400', [['3600', t('life.hour')], ['86400', t('life.day')], ['604800', t('life.week')]], make);
  const known = shownRoom();
  // Only a moderator's own links carry a role, and can be taken back.
  const own = known?.stage && moderates(known);
  const role = choice('plain', [['plain', t('invite.plain')], ['listener', t('invite.listener')], ['speaker', t('invite.speaker')]], make);
  let once = false;
  const single = toggle(t('invite.once'), false, (on) => {
    once = on;
    make();
  }, t('invite.once.hint'));
  const given = h('ul', { class: 'given' });
  async function make() {
    const lifetime = Number(life.value);
    const plain = !own || role.value === 'plain' && !once;
    single.hidden = !own;
    try {
      const made = plain
        ? await ask('invite', { room, lifetime })
        : await ask('invite.make', { room, lifetime, role: role.value === 'plain' ? 'listener' : role.value, uses: once ? 1 : 0 });
      link.value = made.link;
      picture.replaceChildren(qr(made.link));
    } catch (error) {
      complain(error);
    }
  }
  const update = () => {
    const list = (shownRoom()?.stage?.invites ?? []).filter((one) => one.expiry);
    given.hidden = !own || !list.length;
    if (own) keyed(given, list, (one) => one.invite, row, () => {});
  };
  sheet(t('invite'), h('div', { class: 'invite' }, note('note', t('invite.who')), picture, own && field(t('invite.role'), role), field(t('invite.life'), life), own && single,
    field(t('invite.link'), link), h('div', { class: 'actions' }, send, copy), given), { update });
  make();
}

function row(one) {
  const words = t('invite.given', { role: t(`role.${one.role}`), used: one.used, until: moment(one.expiry) });
  return h('li', { class: 'row' }, h('span', { text: words }), button(t('invite.revoke'), { kind: 'quiet', onclick: () => act('invite.revoke', { invite: one.invite }) }));
}
