// Telling the person something: aloud for screen readers, in passing, or as a question.

import { button, h, icon } from './dom.js';
import { t } from './words.js';

let waiting = [];
let timer;

/** Said by a screen reader: what comes at once is said together, and not more often than this. */
export function say(words) {
  waiting.push(words);
  timer ??= setTimeout(() => {
    timer = null;
    document.getElementById('said').textContent = waiting.slice(-4).join(' ');
    waiting = [];
  }, 1200);
}

/** Shown for a while and said, with a way back where there is one. */
export function toast(words, undo) {
  say(undo ? `${words} ${t('undo')}?` : words);
  const note = h('div', { class: 'toast', role: undo ? 'group' : undefined }, h('span', { text: words }),
    undo && button(t('undo'), { kind: 'plain', onclick: () => { undo(); note.remove(); } }));
  place().append(note);
  setTimeout(() => note.remove(), undo ? 10000 : 6000);
}

const topSheet = () => [...document.querySelectorAll('dialog[open]')].at(-1);

/** A screen reader hears nothing from beneath an open sheet. */
function listen() {
  (topSheet() ?? document.body).append(document.getElementById('said'));
}

/** What lies beneath an open sheet is neither seen well nor tapped. */
function place() {
  const sheet = topSheet();
  if (!sheet) return document.getElementById('toasts');
  const own = sheet.querySelector('.toasts') ?? h('div', { class: 'toasts' });
  sheet.append(own);
  return own;
}

/** What the node refused, in the person's language; what only programs do wrong has no words of its own. */
export function complain(error) {
  const key = error.code === 'lost' ? 'door.lost' : `no.${error.code}`;
  const words = t(key);
  toast(words === key ? t('no.other') : words);
}

const open = new Set();

/** A sheet: from below on a phone, in the middle of a desk. Gives focus back when it closes. */
export function sheet(title, content, { onclose, update, wide } = {}) {
  const id = `s${sheet.count = (sheet.count || 0) + 1}`;
  const closing = button(t('close'), { symbol: 'close', iconOnly: true, kind: 'plain', onclick: () => dialog.close() });
  const dialog = h('dialog', { class: wide ? 'sheet wide' : 'sheet', 'aria-labelledby': id },
    h('header', {}, h('h2', { id, text: title, tabindex: -1 }), closing), h('div', { class: 'content' }, content));
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  const handle = { dialog, update, close: () => dialog.close() };
  dialog.onclose = () => {
    open.delete(handle);
    listen();
    dialog.remove();
    onclose?.();
  };
  document.body.append(dialog);
  open.add(handle);
  dialog.showModal();
  listen();
  update?.();
  return handle;
}

export function updateSheets() {
  for (const handle of open) handle.update?.();
}

export function closeSheets() {
  for (const handle of [...open]) handle.close();
}

/** Asks before something that others feel. */
export function confirm(question, yes, act, danger = true) {
  const asked = sheet(question, h('div', { class: 'actions' },
    button(t('cancel'), { kind: 'quiet', onclick: () => asked.close() }),
    button(yes, { kind: danger ? 'danger' : 'main', onclick: () => { asked.close(); act(); } })));
}

/** A line with a sign, for reasons and hints. */
export const note = (symbol, words, kind = '') => h('p', { class: `note ${kind}` }, icon(symbol), h('span', { text: words }));
