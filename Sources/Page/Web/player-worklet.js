// What the node mixed, at the pace of this machine's loudspeaker.
//
// The node has evened out the network already. What is left is the unevenness of this machine: a
// few frames wait here, more after a gap, fewer when that was long ago.

const least = 1920; // 40 ms: a frame, and the callback of an ordinary sound card.
const most = 19200;
const step = 960;
const fade = 128;

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(65536);
    Object.assign(this, { read: 0, write: 0, target: least, isPlaying: false, slack: Infinity, quanta: 0, gaps: 0, calm: 0, last: 0, rested: 0 });
    this.port.onmessage = ({ data }) => {
      if (data.in) data.in.onmessage = ({ data: block }) => this.take(block);
    };
  }

  get waiting() { return this.write - this.read; }

  take(block) {
    if (this.waiting + block.length > this.ring.length) this.read = this.write - this.target;
    const mask = this.ring.length - 1;
    for (let index = 0; index < block.length; index++) this.ring[(this.write + index) & mask] = block[index];
    this.write += block.length;
  }

  process(_, [output]) {
    const out = output[0];
    if (!this.isPlaying && this.waiting >= this.target) this.begin();
    if (!this.isPlaying) return this.rest(out);
    if (this.waiting < out.length) {
      this.isPlaying = false;
      this.gaps++;
      this.calm = 0;
      this.rested = 0;
      return this.rest(out);
    }
    const mask = this.ring.length - 1;
    const skip = this.surplus(out.length);
    for (let index = 0; index < out.length; index++) {
      const sample = this.ring[(this.read + index) & mask];
      const ahead = skip ? this.ring[(this.read + skip + index) & mask] : 0;
      out[index] = skip ? sample + (ahead - sample) * (index / fade) : sample;
    }
    this.last = out[out.length - 1];
    this.read += out.length + skip;
    for (let channel = 1; channel < output.length; channel++) output[channel].set(out);
    return true;
  }

  /** As much as was missed waits from now on: whoever came that late once comes so again. */
  begin() {
    this.isPlaying = true;
    if (this.gaps) this.target = Math.min(most, Math.max(this.target, this.rested + step));
  }

  /** Nothing to play: from the last sample down to silence, so that it does not click. */
  rest(out) {
    for (let index = 0; index < out.length; index++) out[index] = this.last * (1 - (index + 1) / out.length);
    this.last = 0;
    this.rested += out.length;
    return true;
  }

  /** How much waits that never was needed in the last second; it is left out. */
  surplus(length) {
    this.slack = Math.min(this.slack, this.waiting - length);
    if (++this.quanta < 375) return 0;
    const spare = this.slack - step;
    if (++this.calm > 20 && this.target > least) {
      this.calm = 0;
      this.target -= step;
    }
    this.port.postMessage({ waits: this.waiting / 48, gaps: this.gaps });
    this.quanta = 0;
    this.slack = Infinity;
    return spare > 480 ? Math.min(spare, this.waiting - length - fade) | 0 : 0;
  }
}

registerProcessor('player', Player);
