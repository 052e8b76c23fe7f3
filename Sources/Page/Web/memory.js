// What this browser remembers: choices and the key of the node, nothing about rooms and people.

const name = 'starling';
const standard = {
  key: '', name: '', language: '', theme: 'auto', talk: 'toggle', echo: true, noise: true, gain: true,
  input: '', output: '', heardMic: false,
};

export const memory = { ...standard, ...read() };

function read() {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    return {};
  }
}

export function remember(changes) {
  Object.assign(memory, changes);
  try {
    localStorage.setItem(name, JSON.stringify(memory));
  } catch { /* A browser that keeps nothing: the choices last as long as the page. */ }
}

/** Takes the key out of the address, where it would be seen and kept in the history. */
export function takeKey() {
  const found = /[#&]key=([\w-]{43})/.exec(location.hash);
  if (found) remember({ key: found[1] });
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return memory.key;
}
