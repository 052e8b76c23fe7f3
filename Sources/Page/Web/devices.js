// Other devices that may use this node's page: who they are, one more, one less.

import { button, field, h, icon, keyed, set } from './dom.js';
import { qr } from './qr.js';
import { ask } from './state.js';
import { complain, confirm, note, say, sheet, toast } from './tell.js';
import { date, t } from './words.js';

export function devices() {
  const list = h('ul', { class: 'given' });
  const none = h('p', { class: 'quiet', text: t('devices.none') });
  const place = h('div', { class: 'stack' });
  const add = button(t('devices.add'), { symbol: 'qr', kind: 'main', onclick: () => offer(place, show) });
  const elsewhere = note('note', t('devices.elsewhere'));
  add.hidden = elsewhere.hidden = true;
  let timer;
  async function show() {
    clearTimeout(timer);
    try {
      const known = await ask('page.devices');
      place.told?.(known);
      none.hidden = known.devices.length > 0;
      add.hidden = !known.mayPair || Boolean(known.pairing);
      elsewhere.hidden = known.mayPair;
      keyed(list, known.devices, (one) => one.device, row, fill);
    } catch (error) {
      complain(error);
    }
    if (shown.dialog.open) timer = setTimeout(show, 2000);
  }
  const shown = sheet(t('devices'), h('div', { class: 'devices' }, list, none, place, add, elsewhere), { onclose: () => clearTimeout(timer) });
  show();

  function row(one) {
    const revoke = () => confirm(t('devices.revoke.ask', { name: named(one) }), t('devices.revoke'), async () => {
      try {
        await ask('page.revoke', { device: one.device });
        toast(t('devices.revoked', { name: named(one) }));
        show();
      } catch (error) {
        complain(error);
      }
    });
    return h('li', { class: 'row' }, h('span', {}, h('strong', { text: named(one), dir: 'auto' }), h('small', { class: 'hint' })),
      button(t('devices.revoke'), { kind: 'quiet', onclick: revoke, 'aria-label': `${t('devices.revoke')}: ${named(one)}` }));
  }
}

const named = (one) => one.name || t('nameless');

function fill(item, one) {
  const words = [one.here ? t('devices.here') : one.open > 0 && t('devices.now'), t('devices.since', { paired: date(one.paired), seen: date(one.seen) })];
  set(item.querySelector('small'), { text: words.filter(Boolean).join(' · ') });
}

/** A code for one more; drawn until it is used or void. */
async function offer(place, show) {
  try {
    const before = new Set((await ask('page.devices')).devices.map((one) => one.device));
    const made = await ask('page.pair');
    const left = h('p', { class: 'hint', role: 'timer' });
    place.replaceChildren(note('shield', t('devices.how')),
      h('div', { class: 'qr', role: 'img', 'aria-label': t('invite.qr') }, qr(made.link)),
      field(t('devices.address'), h('input', { type: 'text', readonly: true, dir: 'ltr', value: made.link.split('#')[0] })),
      h('p', { class: 'code', dir: 'ltr', text: made.letters }), left,
      h('details', { open: true }, h('summary', { text: t('devices.print') }), h('p', { class: 'print', dir: 'ltr', text: made.fingerprint })));
    place.told = (known) => {
      const fresh = known.devices.find((one) => !before.has(one.device));
      if (known.pairing && !fresh) return set(left, { text: t('devices.left', { n: Math.ceil(known.pairing.seconds / 60) }) });
      const words = fresh ? t('devices.done', { name: named(fresh) }) : t('devices.void');
      place.replaceChildren(h('p', { class: 'note' }, icon(fresh ? 'check' : 'note'), h('span', { text: words })));
      place.told = null;
      say(words);
    };
    show();
  } catch (error) {
    complain(error);
  }
}
