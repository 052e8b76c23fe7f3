// One WebSocket to the node: requests answered in order, events in between, opened again when lost.

const pauses = [250, 500, 1000, 2000, 4000];
/** Longer than a node takes to answer anything; then it, or the way to it, is asleep. */
const patience = 15000;

export class Line {
  /** `onstate` is told `open`, `lost` or `refused`; `onevent` what the node says unasked. */
  constructor({ onstate, onevent, onsound }) {
    Object.assign(this, { onstate, onevent, onsound, waiting: [], tries: 0, ended: false });
  }

  open(place, key) {
    Object.assign(this, { place, key });
    clearTimeout(this.timer);
    let opened = false;
    const socket = new WebSocket(place, ['starling.1', key]);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      opened = true;
      this.tries = 0;
      this.onstate('open');
    };
    socket.onmessage = ({ data }) => {
      this.heardAt = Date.now();
      if (typeof data !== 'string') return this.onsound?.(data);
      const said = JSON.parse(data);
      if (said.event) return this.onevent?.(said);
      const asked = this.waiting.shift();
      if (said.code) asked?.reject(Object.assign(new Error(said.error), { code: said.code }));
      else asked?.resolve(said);
    };
    socket.onclose = () => this.lost(socket, opened);
    this.socket = socket;
  }

  /** Sends a request; resolves with the reply, rejects with what the node refused. */
  ask(request, more = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) return Promise.reject(Object.assign(new Error(), { code: 'lost' }));
    this.socket.send(JSON.stringify({ request, ...more }));
    clearTimeout(this.alarm);
    this.alarm = setTimeout(() => this.waiting.length && this.drop(), patience);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Nothing comes any more: a browser notices that only after minutes. */
  drop() {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.lost(socket, true);
  }

  /** One frame of sound; nothing piles up while the line is slow. */
  sound(bytes) {
    if (this.socket?.readyState === WebSocket.OPEN && this.socket.bufferedAmount < 65536) this.socket.send(bytes);
  }

  close() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  async lost(socket, opened) {
    if (this.ended || socket !== this.socket) return;
    for (const asked of this.waiting.splice(0)) asked.reject(Object.assign(new Error(), { code: 'lost' }));
    // A node that hands out its page but no line does not know the key.
    const answers = !opened && await fetch('icon.svg', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(patience) }).then((a) => a.ok, () => false);
    if (this.ended || socket !== this.socket) return;
    this.onstate(answers && this.tries > 1 ? 'refused' : 'lost');
    const pause = pauses[Math.min(this.tries++, pauses.length - 1)];
    this.timer = setTimeout(() => this.open(this.place, this.key), pause * (1 + Math.random() / 2));
  }

  /** Tries at once: the network or the person came back. */
  hurry() {
    if (this.socket?.readyState > WebSocket.OPEN && !this.ended) this.open(this.place, this.key);
  }
}

export const place = (where) => `${where.protocol === 'https:' ? 'wss' : 'ws'}://${where.host}/api`;
