// Joining by link: pasted, or read from a picture by the camera.

import { enter } from './app.js';
import { nameField } from './create.js';
import { button, field, h } from './dom.js';
import { remember } from './memory.js';
import { hear } from './sound.js';
import { ask, state } from './state.js';
import { complain, sheet } from './tell.js';
import { t } from './words.js';

const form = /starling:[\w-]{24,}/;

export function join(text = '') {
  const name = nameField();
  const link = h('textarea', {
    rows: 3, required: true, spellcheck: false, autocapitalize: 'off', autocomplete: 'off', dir: 'ltr', value: text, placeholder: 'starling:…',
    oninput: () => {
      const found = form.exec(link.value);
      if (found && found[0] !== link.value) link.value = found[0];
      link.setCustomValidity('');
    },
  });
  const go = button(t('join.go'), { kind: 'main big', type: 'submit' });
  const wait = h('p', { class: 'hint', role: 'status' });
  const camera = h('div', { class: 'camera', hidden: true });
  const scanning = 'BarcodeDetector' in self && button(t('join.scan'), { symbol: 'qr', kind: 'quiet', onclick: () => scan(camera, link, () => shown.dialog.open) });
  const root = h('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      const found = form.exec(link.value);
      if (!found) {
        link.setCustomValidity(t('join.nolink'));
        return link.reportValidity();
      }
      go.disabled = true;
      wait.textContent = t('join.wait');
      remember({ name: name.value.trim() });
      try {
        const id = roomOf(found[0]);
        const isIn = state.status?.rooms.some(({ room }) => room === id);
        const { room } = isIn ? { room: id } : await ask('join', { link: found[0], name: name.value.trim() || undefined });
        shown.close();
        enter(room);
        hear(room);
      } catch (error) {
        wait.textContent = '';
        complain(error);
      }
      go.disabled = false;
    },
  }, field(t('invite.link'), link, t('join.hint')), camera, scanning, field(t('name'), name, t('name.hint')), wait,
  h('div', { class: 'actions' }, go));
  const shown = sheet(t('join'), root, { onclose: () => camera.stop?.() });
}

/** A link begins with a byte of its own and the sixteen of the room. */
function roomOf(link) {
  const bytes = atob(link.slice(9, 33).replaceAll('-', '+').replaceAll('_', '/'));
  return [...bytes].slice(1, 17).map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

async function scan(camera, link, isOpen) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch {
    return complain({ code: 'camera' });
  }
  const video = h('video', { playsinline: true, muted: true });
  video.srcObject = stream;
  camera.hidden = false;
  camera.replaceChildren(video);
  camera.stop = () => {
    for (const track of stream.getTracks()) track.stop();
    camera.hidden = true;
  };
  await video.play();
  const detector = new BarcodeDetector({ formats: ['qr_code'] });
  while (isOpen() && !camera.hidden) {
    const codes = await detector.detect(video).catch(() => []);
    const found = codes.map((code) => form.exec(code.rawValue)).find(Boolean);
    if (found) {
      link.value = found[0];
      camera.stop();
    }
    await new Promise((done) => setTimeout(done, 150));
  }
  camera.stop();
}
