// Making elements: no HTML from strings anywhere, so nothing anybody says can become markup.

const shapes = {
  back: 'M15 5l-7 7 7 7', close: 'M6 6l12 12M18 6L6 18', plus: 'M12 5v14M5 12h14',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  mic: 'M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3',
  micOff: 'M9 9v3a3 3 0 0 0 5 2M15 11V6a3 3 0 0 0-6-1M5 11a7 7 0 0 0 11 6M19 11a7 7 0 0 1-1 3M12 18v3M4 4l16 16',
  hand: 'M7 12V6a1.5 1.5 0 0 1 3 0v5V4.500a1.500 1.500 0 0 1 3 0V11V6a1.500 1.500 0 0 1 3 0v7M7 13l-1.500-2a1.500 1.500 0 0 0-2.500 1.600L6 18c1 2 3 3 5.500 3S16 19 16 15v-2',
  leave: 'M14 4H6v16h8M10 12h11M17 8l4 4-4 4', share: 'M12 15V4M8 8l4-4 4 4M5 13v6h14v-6',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  gear: 'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v2.500M12 18.500V21M3 12h2.500M18.500 12H21M5.600 5.600l1.800 1.800M16.600 16.600l1.800 1.800M18.400 5.600l-1.800 1.800M7.400 16.600l-1.800 1.800',
  flock: 'M2 16q4-5 7 0q3-5 7 0M13 8q2.500-3.500 4.500 0q2-3.500 4.500 0',
  shield: 'M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4',
  copy: 'M9 9h10v11H9zM5 15V4h10', qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM19 14v3M14 19h3M19 20v.01',
  ear: 'M8 20c2 1 4 0 4.500-2s3.500-3 3.500-7a5 5 0 0 0-10 0M9 11a2 2 0 0 1 4 0c0 2-2 2-2 4',
  door: 'M6 21V4l10-1v18M3 21h18M13 12v.01', crown: 'M4 18h16l1-10-5 4-4-7-4 7-5-4z',
  check: 'M5 12l5 5 9-10', alone: 'M12 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM6 20c0-4 3-6 6-6s6 2 6 6',
  clap: 'M9 17l-3.500-3.500 5.600-5.600a1.300 1.300 0 0 1 1.900 1.900l1.700-1.700a1.300 1.300 0 0 1 1.900 1.900l1-1a1.300 1.300 0 0 1 1.900 1.900l-5.300 5.400a4.200 4.200 0 0 1-5.900 0zM8 3v2.500M3.500 5l1.800 1.800M13 3l-1 2.200',
  laugh: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM7.500 13.500a4.500 4.500 0 0 0 9 0zM8 9.500q1-1.500 2 0M14 9.500q1-1.500 2 0',
  heart: 'M12 20C5 15 3 12 3 8.500A4.500 4.500 0 0 1 12 7a4.500 4.500 0 0 1 9 1.500C21 12 19 15 12 20z',
  wave: 'M8 13V7.500a1.400 1.400 0 0 1 2.800 0V12V6a1.400 1.400 0 0 1 2.800 0v6V7.500a1.400 1.400 0 0 1 2.800 0V14M8 13l-1.500-2a1.400 1.400 0 0 0-2.300 1.500L7 18c1 2 2.800 3 5 3s4.400-2 4.400-5v-2M18 3q2.500 1 3 3.500M3 8q.5-3 3-4.500',
  wow: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 12.500a2 2.500 0 1 0 .01 0zM8.500 9v.01M15.500 9v.01',
  agree: 'M7 11v9H4v-9zM7 11l4-7a2 2 0 0 1 2.500 2L13 10h5.500a1.800 1.800 0 0 1 1.700 2.200l-1.500 6.300A2 2 0 0 1 16.800 20H7',
  note: 'M12 8v5M12 16.500v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', down: 'M12 5v14M6 13l6 6 6-6',
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
