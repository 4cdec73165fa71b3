// A line of ink that both voices move: yours writes above it, the agent's below.

const SPEED = 96; // pixels a second
const STEP = 1; // pixels a column
const LOOP = 19; // pixels from one loop of the pen to the next
const SLANT = 0.3;
const SWING = 5.5; // pixels that the pen goes back and forth on a loop

export class VoiceLine {
  #canvas;
  #context;
  /** Loudness 0…1 by column, newest last. */
  #columns = { you: [], agent: [] };
  #level = { you: 0, agent: 0 };
  #ink = {};
  #written = 0;
  #last = 0;
  #frame = 0;
  #isStill = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#resize());
  }

  /** @param who "you" or "agent"  @param rms of about 20 ms of sound, 0…1 */
  hear(who, rms) {
    const decibels = 20 * Math.log10(rms + 1e-6);
    this.#level[who] = Math.max(this.#level[who], Math.min(1, Math.max(0, (decibels + 48) / 36)));
    if (!this.#frame && this.#level[who] > 0) {
      this.#last = performance.now();
      this.#frame = requestAnimationFrame((now) => this.#tick(now));
    }
  }

  #tick(now) {
    const columns = Math.floor(((now - this.#last) * SPEED) / 1000 / STEP);
    for (let i = 0; i < Math.min(columns, 200); i++) this.#write();
    if (columns > 0) this.#last += (columns * STEP * 1000) / SPEED;
    this.#draw();
    const isMoving = [this.#level, ...Object.values(this.#columns)].some((of) => Object.values(of).some((x) => x > 0));
    this.#frame = isMoving ? requestAnimationFrame((next) => this.#tick(next)) : 0;
  }

  // The pen follows a voice up at once and comes down slowly.
  #write() {
    const width = Math.ceil(this.#canvas.clientWidth / STEP);
    for (const who of ["you", "agent"]) {
      const columns = this.#columns[who];
      const before = columns.at(-1) ?? 0;
      const level = before + (this.#level[who] - before) * (this.#level[who] > before ? 0.3 : 0.07);
      columns.push(level < 0.01 ? 0 : level);
      if (columns.length > width) columns.splice(0, columns.length - width);
      this.#level[who] *= 0.85;
      if (this.#level[who] < 0.01) this.#level[who] = 0;
    }
    this.#written++;
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = clientWidth * devicePixelRatio;
    this.#canvas.height = clientHeight * devicePixelRatio;
    this.#context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(this.#canvas);
    for (const name of ["you", "agent", "rule"]) this.#ink[name] = style.getPropertyValue(`--${name}`);
    this.#draw();
  }

  #draw() {
    const context = this.#context;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const base = Math.round(height / 2) + 0.5;
    context.clearRect(0, 0, width, height);
    context.lineCap = "round";
    this.#stroke(this.#ink.rule, 1, () => {
      context.moveTo(0, base);
      context.lineTo(width, base);
    });
    if (this.#isStill.matches) this.#drawMeters(width, base);
    else {
      this.#drawHand("you", -1, width, base);
      this.#drawHand("agent", 1, width, base);
    }
  }

  // Loops like a row of l's, hung below the line for the agent; the nib is thin going out, thick coming back.
  #drawHand(who, side, width, base) {
    const columns = this.#columns[who];
    const reach = base - 6;
    let previous = null;
    columns.forEach((level, i) => {
      const index = this.#written - columns.length + i;
      const phase = (index * STEP * 2 * Math.PI) / LOOP;
      const tall = 0.62 + 0.38 * Math.sin(index / 22) * Math.cos(index / 10.6);
      const rise = level * reach * tall * (0.5 - 0.5 * Math.cos(phase));
      const swing = SWING * level * Math.sin(phase);
      const x = width - (columns.length - i) * STEP + swing - side * SLANT * rise;
      const point = { x, y: base + side * rise };
      if (previous && (level > 0 || previous.rise > 0)) {
        const weight = rise > previous.rise ? 1.1 : 1.3 + 1.3 * level;
        this.#stroke(this.#ink[who], weight, () => {
          this.#context.moveTo(previous.x, previous.y);
          this.#context.lineTo(point.x, point.y);
        });
      }
      previous = { ...point, rise };
    });
  }

  #drawMeters(width, base) {
    for (const [who, offset] of [["you", -8], ["agent", 8]]) {
      const length = (this.#columns[who].at(-1) ?? 0) * width;
      if (length === 0) continue;
      this.#stroke(this.#ink[who], 5, () => {
        this.#context.moveTo(width, base + offset);
        this.#context.lineTo(width - length, base + offset);
      });
    }
  }

  #stroke(colour, weight, path) {
    this.#context.strokeStyle = colour;
    this.#context.lineWidth = weight;
    this.#context.beginPath();
    path();
    this.#context.stroke();
  }
}
