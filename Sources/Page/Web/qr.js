// QR codes (ISO/IEC 18004): bytes, error correction L, versions 1 to 20. Always the first mask: our links are
// random letters, which every mask leaves as even as any other.

import { svg } from './dom.js';

const eccOf = [0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28];
const blocksOf = [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8];

/** A picture of the text. */
export function qr(text) {
  const cells = modules(new TextEncoder().encode(text));
  const size = cells.length;
  let path = '';
  cells.forEach((row, y) => row.forEach((dark, x) => { if (dark) path += `M${x + 4} ${y + 4}h1v1h-1z`; }));
  return svg('svg', { viewBox: `0 0 ${size + 8} ${size + 8}`, 'shape-rendering': 'crispEdges' },
    svg('rect', { width: size + 8, height: size + 8, fill: '#fff' }), svg('path', { d: path, fill: '#000' }));
}

function modules(bytes) {
  let version = 1;
  while (version < 20 && capacity(version) < bytes.length + (version < 10 ? 2 : 3)) version++;
  const size = version * 4 + 17;
  const cells = Array.from({ length: size }, () => new Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => new Array(size).fill(false));
  const put = (x, y, dark) => {
    cells[y][x] = dark;
    fixed[y][x] = true;
  };
  frame(version, size, put);
  format(size, put);
  fill(size, cells, fixed, codewords(bytes, version));
  return cells.map((row, y) => row.map((dark, x) => fixed[y][x] ? dark : dark !== ((x + y) % 2 === 0)));
}

const total = (version) => {
  let bits = (16 * version + 128) * version + 64;
  if (version > 1) {
    const count = Math.floor(version / 7) + 2;
    bits -= (25 * count - 10) * count - 55;
    if (version > 6) bits -= 36;
  }
  return bits >> 3;
};

const capacity = (version) => total(version) - eccOf[version] * blocksOf[version];

function codewords(bytes, version) {
  const bits = [];
  const push = (value, count) => { for (let at = count - 1; at >= 0; at--) bits.push(value >> at & 1); };
  push(4, 4);
  push(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) push(byte, 8);
  const room = capacity(version) * 8;
  push(0, Math.min(4, room - bits.length));
  push(0, (8 - bits.length % 8) % 8);
  for (let pad = 0xec; bits.length < room; pad ^= 0xfd) push(pad, 8);
  const data = [];
  for (let at = 0; at < bits.length; at += 8) data.push(bits.slice(at, at + 8).reduce((sum, bit) => sum << 1 | bit, 0));
  return interleaved(data, version);
}

function interleaved(data, version) {
  const count = blocksOf[version];
  const ecc = eccOf[version];
  const short = count - total(version) % count;
  const length = Math.floor(total(version) / count) - ecc;
  const blocks = [];
  for (let index = 0, at = 0; index < count; index++) {
    const part = data.slice(at, at += length + (index < short ? 0 : 1));
    blocks.push({ part, check: remainder(part, divisor(ecc)) });
  }
  const result = [];
  for (let at = 0; at <= length; at++) for (const { part } of blocks) if (at < part.length) result.push(part[at]);
  for (let at = 0; at < ecc; at++) for (const { check } of blocks) result.push(check[at]);
  return result;
}

/** In the field of 256 elements. */
function times(left, right) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) product = product << 1 ^ (product >> 7) * 0x11d ^ (right >> bit & 1) * left;
  return product;
}

function divisor(degree) {
  const result = new Array(degree).fill(0);
  result[degree - 1] = 1;
  for (let step = 0, root = 1; step < degree; step++, root = times(root, 2)) {
    for (let at = 0; at < degree; at++) result[at] = times(result[at], root) ^ (result[at + 1] ?? 0);
  }
  return result;
}

function remainder(data, by) {
  const result = by.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ result.shift();
    result.push(0);
    by.forEach((part, at) => { result[at] ^= times(part, factor); });
  }
  return result;
}

function frame(version, size, put) {
  for (let at = 0; at < size; at++) {
    put(6, at, at % 2 === 0);
    put(at, 6, at % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
    for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
      const far = Math.max(Math.abs(dx), Math.abs(dy));
      if (cx + dx >= 0 && cx + dx < size && cy + dy >= 0 && cy + dy < size) put(cx + dx, cy + dy, far !== 2 && far !== 4);
    }
  }
  const places = aligned(version, size);
  places.forEach((y, row) => places.forEach((x, column) => {
    const last = places.length - 1;
    if (row === 0 && (column === 0 || column === last) || row === last && column === 0) return;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) put(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
  if (version < 7) return;
  let rest = version;
  for (let step = 0; step < 12; step++) rest = rest << 1 ^ (rest >> 11) * 0x1f25;
  const bits = version << 12 | rest;
  for (let at = 0; at < 18; at++) {
    const dark = (bits >> at & 1) === 1;
    const across = size - 11 + at % 3;
    put(across, Math.floor(at / 3), dark);
    put(Math.floor(at / 3), across, dark);
  }
}

function aligned(version, size) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((size - 13) / (count * 2 - 2)) * 2;
  const result = [6];
  for (let at = size - 7; result.length < count; at -= step) result.splice(1, 0, at);
  return result;
}

function format(size, put) {
  const data = 1 << 3;
  let rest = data;
  for (let step = 0; step < 10; step++) rest = rest << 1 ^ (rest >> 9) * 0x537;
  const bits = (data << 10 | rest) ^ 0x5412;
  const bit = (at) => (bits >> at & 1) === 1;
  for (let at = 0; at < 6; at++) put(8, at, bit(at));
  put(8, 7, bit(6));
  put(8, 8, bit(7));
  put(7, 8, bit(8));
  for (let at = 9; at < 15; at++) put(14 - at, 8, bit(at));
  for (let at = 0; at < 8; at++) put(size - 1 - at, 8, bit(at));
  for (let at = 8; at < 15; at++) put(8, size - 15 + at, bit(at));
  put(8, size - 8, true);
}

function fill(size, cells, fixed, words) {
  let at = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) for (const x of [right, right - 1]) {
      const y = (right + 1 & 2) === 0 ? size - 1 - step : step;
      if (fixed[y][x] || at >= words.length * 8) continue;
      cells[y][x] = (words[at >> 3] >> 7 - (at & 7) & 1) === 1;
      at++;
    }
  }
}
