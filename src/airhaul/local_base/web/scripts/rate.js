// The rate chart of the last minute: requests per second of each base, and lockouts.

import { h, s, show } from "./dom.js";

const SPAN_S = 60;
const WIDTH = 360;
const HEIGHT = 84;
const BOTTOM = HEIGHT - 14;
const MOST_BASES = 4;
const AIRTABLES_LIMIT = 5;

export class Rate {
  constructor(element) {
    this.element = element;
    this.passed = []; // of each request { base, at, refused }, in order
    this.lockouts = new Map(); // by base and end: { base, from, until }
    this.charts = h("div", { class: "charts" });
    show(element, h("header", {}, h("h2", {}, "Rate"), h("span", { class: "note" }, "requests within a second, last minute")), this.charts);
    setInterval(() => this.draw(), 500);
  }

  news(state, baseId, names) {
    this.baseId = baseId;
    this.names = names;
    this.limit = state.settings.requests_per_second;
    this.offset = state.now - performance.now() / 1000;
    if (state.first > state.last) this.passed = [];
    for (const request of state.requests.toReversed()) {
      if (request.base_id) this.passed.push({ base: request.base_id, at: request.at, refused: request.status === 429 });
    }
    for (const [base, until] of Object.entries(state.locked_until)) {
      this.lockouts.set(`${base} ${until}`, { base, from: until - state.penalty_s, until });
    }
    this.lockedNow = state.locked_until;
    this.draw();
  }

  now() {
    return this.offset + performance.now() / 1000;
  }

  draw() {
    if (this.offset == null || document.hidden) return;
    const from = this.now() - SPAN_S;
    this.passed = this.passed.filter(({ at }) => at > from - 1);
    for (const [key, { until }] of this.lockouts) if (until < from) this.lockouts.delete(key);
    const bases = [...new Set([this.baseId, ...this.passed.map(({ base }) => base)])].filter(Boolean).slice(0, MOST_BASES);
    show(this.charts, bases.map((base) => this.chart(base, from)));
  }

  chart(base, from) {
    const requests = this.passed.filter((request) => request.base === base);
    const limit = this.limit ?? AIRTABLES_LIMIT;
    const steps = windows(requests.filter(({ refused }) => !refused), from);
    const most = Math.max(limit * 1.5, ...steps.map(([, many]) => many));
    const x = (at) => Math.max(0, Math.min(WIDTH, ((at - from) / SPAN_S) * WIDTH));
    const y = (many) => BOTTOM - (many / most) * (BOTTOM - 8);
    const line = steps.map(([at, many], place) => `${place ? `H${x(at).toFixed(1)}V` : `M${x(at).toFixed(1)} `}${y(many).toFixed(1)}`).join("");
    const refused = requests.filter((request) => request.refused && request.at > from);
    const left = (this.lockedNow[base] ?? 0) - this.now();
    const isLocked = left > 0;
    const locks = [...this.lockouts.values()].filter((lock) => lock.base === base);
    const label = `${this.names.get(base) ?? base}: ${steps.at(-1)[1]} requests in the last second${isLocked ? `, locked out for ${Math.ceil(left)} s` : ""}`;
    const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
      locks.map(({ from: begin, until }) => s("rect", { class: "locked", x: x(begin), y: 0, width: Math.max(0, x(until) - x(begin)), height: BOTTOM })),
      s("path", { class: "area", d: `${line}H${WIDTH}V${BOTTOM}H0Z` }),
      s("path", { class: "line", d: `${line}H${WIDTH}` }),
      s("path", { class: this.limit ? "limit" : "limit off", d: `M0 ${y(limit)}H${WIDTH}` }),
      s("text", { class: "limit-name", x: 2, y: y(limit) - 3 }, this.limit ? `${limit}/s` : `${limit}/s at Airtable, off here`),
      refused.map(({ at }) => s("path", { class: "refused", d: `M${x(at).toFixed(1)} ${BOTTOM}v-9` })),
      s("path", { class: "axis", d: `M0 ${BOTTOM}H${WIDTH}` }),
      s("text", { class: "tick", x: 0, y: HEIGHT - 2 }, "−60 s"),
      s("text", { class: "tick", x: WIDTH / 2, y: HEIGHT - 2, "text-anchor": "middle" }, "−30 s"),
      s("text", { class: "tick", x: WIDTH, y: HEIGHT - 2, "text-anchor": "end" }, "now"));
    const word = isLocked ? h("b", { class: "failed" }, `locked out, ${Math.ceil(left)} s left`) : refused.length ? h("b", { class: "wrong" }, `${refused.length} refused`) : h("span", { class: "note" }, `${requests.length} in a minute`);
    return h("figure", {}, h("figcaption", {}, h("span", {}, this.names.get(base) ?? base), word), picture);
  }
}

/** The number of requests in the second before each moment, as steps `[moment, many]`. */
function windows(requests, from) {
  const turns = requests.flatMap(({ at }) => [[at, 1], [at + 1, -1]]).sort(([one], [other]) => one - other);
  const steps = [[from, 0]];
  let many = 0;
  for (const [at, change] of turns) {
    many += change;
    if (at <= from) steps[0][1] = many;
    else if (at <= from + SPAN_S) steps.push([at, many]);
  }
  return steps;
}
