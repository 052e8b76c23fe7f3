// How a person is drawn: first letter, and a colour that stays with the name.

import { h } from './dom.js';

const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter() : null;

export function letter(name) {
  const first = segmenter ? segmenter.segment(name.trim())[Symbol.iterator]().next().value?.segment : [...name.trim()][0];
  return (first ?? '·').toLocaleUpperCase();
}

function hue(text) {
  let sum = 7;
  for (const unit of text) sum = (sum * 31 + unit.codePointAt(0)) % 3600;
  return Math.round(sum / 10);
}

export function face(name, size = '') {
  return h('span', { class: `face ${size}`, 'aria-hidden': 'true', text: letter(name), style: { '--hue': hue(name) } });
}

/** How loud, from 0 to 1, for an eye. */
export const loud = (level) => Math.max(0, Math.min(1, (55 - level) / 40));
