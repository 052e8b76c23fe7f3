// What the page says, in the person's language.

export const languages = { uk: 'Українська', en: 'English', ru: 'Русский', fa: 'فارسی' };

let words = {};
let plural = new Intl.PluralRules('en');
let numbers = new Intl.NumberFormat('en');
export let language = 'en';

/** Loads a language; the page is drawn anew afterwards. */
export async function speak(code) {
  const answer = await fetch(`words-${code}.json`);
  words = await answer.json();
  language = code;
  plural = new Intl.PluralRules(code);
  numbers = new Intl.NumberFormat(code, { maximumFractionDigits: 1 });
  document.documentElement.lang = code;
  document.documentElement.dir = code === 'fa' ? 'rtl' : 'ltr';
}

/** The language of the browser, if it is one of ours. */
export function preferred() {
  for (const wish of navigator.languages ?? []) {
    const code = wish.slice(0, 2);
    if (code in languages) return code;
  }
  return 'en';
}

/** The words for a key; `n` chooses the plural, `{name}` is replaced. */
export function t(key, values = {}) {
  let text = words[key] ?? key;
  if (typeof text === 'object') text = text[plural.select(values.n ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => show(values[name]));
}

/** Names may run the other way than the sentence: isolated, they cannot turn it round. */
function show(value) {
  return typeof value === 'number' ? numbers.format(value) : `\u2068${value ?? ''}\u2069`;
}

export const date = (time) => new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(time).replaceAll(' ', '\u00a0');

export const moment = (time) => new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(time);

export const percent = (value) => new Intl.NumberFormat(language, { style: 'percent' }).format(value / 100);
