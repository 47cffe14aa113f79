// Latency, limits and faults: switches that act on the server immediately.

import { changeSettings } from "./api.js";
import { h, show } from "./dom.js";
import { icon } from "./icons.js";

const AIRTABLES_LIMIT = 5;
const A_MONTH = 1000;
const DESCRIPTIONS = {
  "close-before": "connection breaks, not carried out",
  "close-after": "connection breaks, carried out",
  "timeout-before": "no reply, not carried out",
  "timeout-after": "no reply, carried out",
  "500-before": "server error, not carried out",
  "500-after": "server error, carried out",
  "502-before": "bad gateway, not carried out",
  "502-after": "bad gateway, carried out",
  "503-before": "unavailable, not carried out",
  "503-after": "unavailable, carried out",
  429: "rate limit reached",
  "429-retry-after": "rate limit, with Retry-After",
  quota: "monthly quota used up",
  "iterator-lost": "list cannot be continued",
  truncated: "half of the reply",
  "not-json": "200 and a page of HTML",
};

export class Conditions {
  constructor(element) {
    this.element = element;
    this.error = h("p", { class: "error", role: "alert" });
  }

  news(state) {
    this.settings = state.settings;
    if (!this.latency) this.frame(state);
    this.refresh();
  }

  frame({ kinds, methods }) {
    this.latency = h("input", { id: "latency", type: "range", min: 0, max: 3, step: 0.01, oninput: () => this.showLatency(), onchange: () => this.change({ latency_s: Number(this.latency.value) }) });
    this.latencyText = h("output", { for: "latency" });
    this.limit = toggle("Rate limit", () => this.change({ requests_per_second: this.limit.checked ? Number(this.limitNumber.value) || AIRTABLES_LIMIT : null }));
    this.limitNumber = h("input", { type: "number", min: 1, max: 1000, value: AIRTABLES_LIMIT, "aria-label": "Requests a second", onchange: () => this.limit.checked && this.change({ requests_per_second: Number(this.limitNumber.value) }) });
    this.quota = toggle("Monthly quota", () => this.change({ quota_left: this.quota.checked ? Number(this.quotaNumber.value) : null }));
    this.quotaNumber = h("input", { type: "number", min: 0, value: A_MONTH, "aria-label": "Calls left this month", onchange: () => this.quota.checked && this.change({ quota_left: Number(this.quotaNumber.value) }) });
    this.faults = h("ul", { class: "faults" });
    show(this.element,
      h("header", {}, h("h2", {}, "Conditions")),
      h("div", { class: "row" }, h("label", { for: "latency" }, "Latency"), this.latency, this.latencyText),
      h("div", { class: "row" }, this.limit.parentElement, this.limitNumber, h("span", { class: "note" }, "a second")),
      h("div", { class: "row" }, this.quota.parentElement, this.quotaNumber, h("span", { class: "note" }, "calls left")),
      h("h3", {}, "Faults"), this.faults, this.faultForm(kinds, methods), this.error);
  }

  faultForm(kinds, methods) {
    const kind = h("select", { name: "kind", "aria-label": "Kind of fault" }, kinds.map((name) => h("option", { value: name, selected: name === "503-before" }, `${name} · ${DESCRIPTIONS[name] ?? ""}`)));
    const method = h("select", { name: "method", "aria-label": "Method" }, h("option", { value: "" }, "any method"), methods.map((name) => h("option", { value: name }, name)));
    const when = h("select", { name: "when", "aria-label": "When" }, h("option", { value: ":" }, "chance, %"), h("option", { value: "@" }, "at number"));
    const much = h("input", { name: "much", type: "number", min: 0, step: "any", value: 20, required: true, "aria-label": "Per cent, or the number of the request" });
    const path = h("input", { name: "path", type: "text", placeholder: "/path, any if empty", "aria-label": "Part of the path", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
    const add = (event) => {
      event.preventDefault();
      const amount = when.value === ":" ? `:${Number((much.valueAsNumber / 100).toFixed(6))}` : `@${much.value}`;
      const where = path.value.trim() && ` /${path.value.trim().replace(/^\//, "")}`;
      const text = `${method.value ? `${method.value} ` : ""}${kind.value}${amount}${where}`;
      this.change({ faults: [...this.settings.faults.map((fault) => fault.text), text] });
    };
    const form = h("form", { class: "fault-form", onsubmit: add }, kind, method, when, much, path, h("button", { type: "submit" }, "Add fault"));
    // Next to the requests it would take their space, so it is closed there; on its own it is open.
    return h("details", { open: matchMedia("(max-width: 1120px)").matches }, h("summary", {}, "Add a fault"), form);
  }

  refresh() {
    const { latency_s, requests_per_second, quota_left, faults } = this.settings;
    if (document.activeElement !== this.latency) this.latency.value = latency_s;
    this.showLatency();
    this.limit.checked = requests_per_second != null;
    if (requests_per_second != null && document.activeElement !== this.limitNumber) this.limitNumber.value = requests_per_second;
    this.quota.checked = quota_left != null;
    if (quota_left != null && document.activeElement !== this.quotaNumber) this.quotaNumber.value = quota_left;
    const row = ({ text, happened }, place) => h("li", {},
      icon("bolt"), h("code", {}, text), h("span", { class: "note" }, happened === 1 ? "happened once" : happened ? `happened ${happened} times` : "not yet"),
      h("button", { type: "button", class: "quiet icon-only", title: "Remove", "aria-label": `Remove ${text}`, onclick: () => this.change({ faults: faults.filter((_, other) => other !== place).map((fault) => fault.text) }) }, icon("close")));
    show(this.faults, faults.length ? faults.map(row) : h("li", { class: "note" }, "Nothing goes wrong."));
  }

  showLatency() {
    this.latencyText.textContent = `${Math.round(Number(this.latency.value) * 1000)} ms`;
  }

  async change(changes) {
    try {
      this.settings = await changeSettings(changes);
      show(this.error);
    } catch (error) {
      show(this.error, error.message);
    }
    this.refresh();
  }
}

function toggle(label, onchange) {
  const box = h("input", { type: "checkbox", role: "switch", onchange });
  h("label", { class: "switch" }, box, h("span", { class: "knob" }), label);
  return box;
}
