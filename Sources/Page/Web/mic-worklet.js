// The microphone in frames of 20 ms, straight to the worker that codes and sends them.

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Float32Array(960);
    this.count = 0;
    this.port.onmessage = ({ data }) => { this.out = data.out; };
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    let from = 0;
    while (from < samples.length) {
      const part = samples.subarray(from, from + this.frame.length - this.count);
      this.frame.set(part, this.count);
      this.count += part.length;
      from += part.length;
      if (this.count === this.frame.length) {
        this.out?.postMessage(this.frame, [this.frame.buffer]);
        this.frame = new Float32Array(960);
        this.count = 0;
      }
    }
    return true;
  }
}

registerProcessor('microphone', Microphone);
