// Making elements: no HTML from strings anywhere, so nothing anybody says can become markup.

const shapes = {
  back: 'M15 5l-7 7 7 7', close: 'M6 6l12 12M18 6L6 18', plus: 'M12 5v14M5 12h14',
  link: 'M10 14a4 4 0 006 0l3-3a4 4 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4 4 0 006 6l1-1',
  mic: 'M12 3a3 3 0 00-3 3v6a3 3 0 006 0V6a3 3 0 00-3-3zM5 11a7 7 0 0014 0M12 18v3',
  micOff: 'M9 9v3a3 3 0 005 2M15 11V6a3 3 0 00-6-1M5 11a7 7 0 0011 6M19 11a7 7 0 01-1 3M12 18v3M4 4l16 16',
  hand: 'M7 12V6a1.5 1.5 0 013 0v5V4.5a1.5 1.5 0 013 0V11V6a1.5 1.5 0 013 0v7M7 13l-1.5-2a1.5 1.5 0 00-2.5 1.6L6 18c1 2 3 3 5.5 3S16 19 16 15v-2',
  leave: 'M14 4H6v16h8M10 12h11M17 8l4 4-4 4', share: 'M12 15V4M8 8l4-4 4 4M5 13v6h14v-6',
  gear: 'M12 9a3 3 0 100 6 3 3 0 000-6zM10.2 6L10.4 3.1L13.6 3.1L13.8 6L16.3 7.4L18.9 6.2L20.5 8.9L18.1 10.6L18.1 13.4L20.5 15.1L18.9 17.8L16.3 16.6L13.8 18L13.6 20.9L10.4 20.9L10.2 18L7.7 16.6L5.1 17.8L3.5 15.1L5.9 13.4L5.9 10.6L3.5 8.9L5.1 6.2L7.7 7.4z',
  flock: 'M2 16q4-5 7 0q3-5 7 0M13 8q2.5-3.5 4.5 0q2-3.5 4.5 0',
  shield: 'M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4',
  copy: 'M9 9h10v11H9zM5 15V4h10', qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM19 14v3M14 19h3M19 20v.01',
  ear: 'M8 20c2 1 4 0 4.5-2s3.5-3 3.5-7a5 5 0 00-10 0M9 11a2 2 0 014 0c0 2-2 2-2 4',
  door: 'M6 21V4l10-1v18M3 21h18M13 12v.01', crown: 'M4 18h16l1-10-5 4-4-7-4 7-5-4z',
  check: 'M5 12l5 5 9-10', alone: 'M12 4a3 3 0 100 6 3 3 0 000-6zM6 20c0-4 3-6 6-6s6 2 6 6',
  clap: 'M9 17l-3.5-3.5 5.6-5.6a1.3 1.3 0 011.9 1.9l1.7-1.7a1.3 1.3 0 011.9 1.9l1-1a1.3 1.3 0 011.9 1.9l-5.3 5.4a4.2 4.2 0 01-5.9 0zM8 3v2.5M3.5 5l1.8 1.8M13 3l-1 2.2',
  laugh: 'M12 3a9 9 0 100 18 9 9 0 000-18zM7.5 13.5a4.5 4.5 0 009 0zM8 9.5q1-1.5 2 0M14 9.5q1-1.5 2 0',
  heart: 'M12 20C5 15 3 12 3 8.5A4.5 4.5 0 0112 7a4.5 4.5 0 019 1.5C21 12 19 15 12 20z',
  wave: 'M8 13V7.5a1.4 1.4 0 012.8 0V12V6a1.4 1.4 0 012.8 0v6V7.5a1.4 1.4 0 012.8 0V14M8 13l-1.5-2a1.4 1.4 0 00-2.3 1.5L7 18c1 2 2.8 3 5 3s4.4-2 4.4-5v-2M18 3q2.5 1 3 3.5M3 8q.5-3 3-4.5',
  wow: 'M12 3a9 9 0 100 18 9 9 0 000-18zM12 12.5a2 2.5 0 10.01 0zM8.5 9v.01M15.5 9v.01',
  agree: 'M7 11v9H4v-9zM7 11l4-7a2 2 0 012.5 2L13 10h5.5a1.8 1.8 0 011.7 2.2l-1.5 6.3A2 2 0 0116.8 20H7',
  note: 'M12 8v5M12 16.5v.01M12 3a9 9 0 100 18 9 9 0 000-18z', down: 'M12 5v14M6 13l6 6 6-6',
};

const directional = new Set(['back', 'leave']);

/** An element with attributes, listeners (`onclick`) and children. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets attributes, properties and listeners; `undefined` leaves one out, `false` takes it away. */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (name === 'text') { if (element.textContent !== value) element.textContent = value; }
    else if (name === 'style') for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (name.startsWith('on')) element[name] = value;
    else if (name === 'value' || name === 'checked' || name === 'selected') element[name] = value;
    else if (value === false || value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? '' : value);
  }
}

export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A drawn sign; words beside it say the same. */
export function icon(name) {
  return svg('svg', { viewBox: '0 0 24 24', class: directional.has(name) ? 'icon turns' : 'icon', 'aria-hidden': 'true' },
    svg('path', { d: shapes[name] }));
}

export function button(label, { symbol, kind = '', iconOnly = false, ...props } = {}) {
  return h('button', { type: 'button', class: `button ${kind}${iconOnly ? ' round' : ''}`, ...(iconOnly ? { 'aria-label': label, title: label } : {}), ...props },
    symbol && icon(symbol), !iconOnly && h('span', { text: label }));
}

const encoder = new TextEncoder();

/** A line of text of at most `most` bytes, as the node counts: what goes beyond is not taken. */
export function line(most, value, props) {
  const cut = (text) => text.slice(0, encoder.encodeInto(text, new Uint8Array(most)).read);
  const box = h('input', {
    type: 'text', dir: 'auto', value: cut(value), ...props,
    oninput: () => {
      const kept = cut(box.value);
      if (kept === box.value) return;
      const at = box.selectionStart;
      box.value = kept;
      box.setSelectionRange(at, at);
    },
  });
  return box;
}

/** A label above its control. */
export function field(label, control, hint) {
  const id = control.id ||= `f${field.count = (field.count || 0) + 1}`;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return h('div', { class: 'field' }, h('label', { for: id, text: label }), control,
    hint && h('p', { class: 'hint', id: `${id}-hint`, text: hint }));
}

export function choice(value, options, onchange) {
  const list = h('select', { onchange: () => onchange?.(list.value) },
    ...options.map(([key, label]) => h('option', { value: key, text: label, selected: key === value })));
  return list;
}

/** A switch with its words. */
export function toggle(label, checked, onchange, hint) {
  const box = h('input', { type: 'checkbox', role: 'switch', checked, onchange: () => onchange(box.checked, box) });
  const words = h('span', {}, h('span', { text: label }));
  const row = h('label', { class: 'toggle' }, words, box);
  if (!hint) return row;
  const id = `t${toggle.count = (toggle.count || 0) + 1}`;
  box.setAttribute('aria-describedby', id);
  return h('div', {}, row, h('p', { class: 'hint', id, text: hint }));
}

/** Keeps a list's elements as long as their items stay, so that focus and motion stay too. */
export function keyed(list, items, key, make, update) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstChild;
  for (const item of items) {
    const name = String(key(item));
    let child = old.get(name);
    if (child) old.delete(name);
    else {
      child = make(item);
      child.dataset.key = name;
    }
    update?.(child, item);
    if (child === place) place = place.nextSibling;
    else list.insertBefore(child, place);
  }
  for (const child of old.values()) child.remove();
}
