// The mesh as this node sees it: itself in the middle, who feeds it above, whom it feeds below.

import { svg } from './dom.js';
import { letter } from './face.js';
import { state } from './state.js';
import { t } from './words.js';

const width = 360;
const height = 240;
const drawn = new WeakMap();

export function picture(place, room) {
  const names = new Map(room.members.map((one) => [one.node, one.name]));
  const above = [];
  const below = [];
  for (const tree of room.trees) {
    if (tree.parent) above.push([tree.parent, tree.tree]);
    for (const child of tree.children) below.push([child, tree.tree]);
  }
  const fed = new Set([...above, ...below].map(([node]) => node));
  const beside = room.neighbours.filter((node) => !fed.has(node)).slice(0, 8);
  const shape = JSON.stringify([above, below, beside, [...names], document.documentElement.lang]);
  if (drawn.get(place) === shape) return;
  drawn.set(place, shape);
  const places = new Map();
  spread([...new Set(above.map(([node]) => node))], 42, places);
  spread([...new Set(below.map(([node]) => node))].filter((node) => !places.has(node)), height - 38, places);
  beside.forEach((node, index) => places.set(node, [index % 2 ? width - 34 : 34, 90 + Math.floor(index / 2) * 24]));
  const middle = [width / 2, height / 2];
  const lines = [
    ...beside.map((node) => svg('path', { class: 'side', d: curve(middle, places.get(node), 0) })),
    ...above.map(([node, tree]) => svg('path', { class: `tree ${tree.toLowerCase()} in`, d: curve(places.get(node), middle, tree === 'A' ? -9 : 9) })),
    ...below.map(([node, tree]) => svg('path', { class: `tree ${tree.toLowerCase()}`, d: curve(middle, places.get(node), tree === 'A' ? -9 : 9) })),
  ];
  const dots = [...places].map(([node, at]) => dot(at, names.get(node) ?? '', beside.includes(node) ? 9 : 15));
  const words = t('net.picture', { up: new Set(above.map(([node]) => node)).size, down: new Set(below.map(([node]) => node)).size });
  place.replaceChildren(svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': words },
    ...lines, ...dots, dot(middle, names.get(state.status.node) ?? '', 20, 'me')));
}

function spread(nodes, y, places) {
  nodes.slice(0, 12).forEach((node, index) => places.set(node, [width * (index + 1) / (Math.min(nodes.length, 12) + 1), y]));
}

function curve([x1, y1], [x2, y2], bend) {
  return `M${x1 + bend} ${y1}C${x1 + bend} ${(y1 + y2) / 2} ${x2 + bend} ${(y1 + y2) / 2} ${x2 + bend} ${y2}`;
}

function dot([x, y], name, radius, kind = '') {
  const text = svg('text', { x, y: y + radius * 0.36, 'font-size': radius, 'text-anchor': 'middle' });
  text.textContent = name ? letter(name) : '';
  return svg('g', { class: `dot ${kind}` }, svg('circle', { cx: x, cy: y, r: radius }), text);
}
