// The live list of requests, the latest first; a click opens one.

import { clearRequests } from "./api.js";
import { h, show } from "./dom.js";
import { decoded, milliseconds, statusKind } from "./formats.js";
import { icon } from "./icons.js";
import { openRequest } from "./request_dialog.js";

const MOST = 300;
const KINDS = { all: "All", errors: "Errors", faults: "Faults" };

export class Requests {
  /** `names` has the names of bases and tables by id. */
  constructor(element, names) {
    this.names = names;
    this.kind = "all";
    this.isPaused = false;
    this.waiting = [];
    this.total = h("span", { class: "note" });
    this.list = h("ol", { class: "log", "aria-label": "Requests, the latest first" });
    this.pause = h("button", { type: "button", class: "quiet icon-only", onclick: () => this.setPaused(!this.isPaused) });
    this.counters = h("p", { class: "counters", "aria-label": "Counted requests" });
    const choice = h("div", { class: "segments", role: "group", "aria-label": "Which requests" },
      Object.entries(KINDS).map(([kind, label]) => h("button", { type: "button", "aria-pressed": String(kind === "all"), data: { kind }, onclick: (event) => this.choose(event.currentTarget) }, label)));
    show(element,
      h("header", {}, h("h2", {}, "Requests"), this.total, h("span", { class: "space" }), this.pause,
        h("button", { type: "button", class: "quiet icon-only", title: "Clear the list", "aria-label": "Clear the list", onclick: () => clearRequests() }, icon("trash"))),
      choice, this.counters, this.list);
    this.list.dataset.kind = this.kind;
    this.setPaused(false);
  }

  news(state) {
    this.clockAt = Date.now() - state.now * 1000;
    for (const row of [...this.list.children].reverse()) {
      if (Number(row.dataset.number) >= state.first) break;
      row.remove();
    }
    this.waiting.push(...state.requests.toReversed());
    if (!this.isPaused) this.release();
    this.count(state.counts);
  }

  choose(button) {
    this.kind = button.dataset.kind;
    this.list.dataset.kind = this.kind;
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  }

  setPaused(isPaused) {
    this.isPaused = isPaused;
    show(this.pause, icon(isPaused ? "play" : "pause"));
    this.pause.title = isPaused ? "Resume the list" : "Pause the list";
    this.pause.setAttribute("aria-label", this.pause.title);
    if (!isPaused) this.release();
  }

  release() {
    for (const request of this.waiting.slice(-MOST)) this.list.prepend(this.row(request));
    this.waiting = [];
    while (this.list.children.length > MOST) this.list.lastElementChild.remove();
  }

  row(request) {
    const kind = statusKind(request.status);
    const at = new Date(this.clockAt + request.at * 1000).toTimeString().slice(0, 8);
    const path = decoded(request.path);
    const query = request.query.map(([name, value]) => `${name}=${value}`).join("&");
    const open = h("button", { type: "button", onclick: () => openRequest(request.number, at) },
      h("span", { class: `method ${request.method.toLowerCase()}` }, request.method),
      h("span", { class: "path", title: path + (query && `?${query}`) }, this.readable(path), query && h("span", { class: "query" }, `?${query}`)),
      h("span", { class: `status ${kind}` }, request.status || "no reply"),
      h("span", { class: "took" }, milliseconds(request.seconds)),
      h("span", { class: "more" }, at, request.client && ` · ${who(request.client)}`, request.fault && h("span", { class: "fault" }, icon("bolt"), request.fault)));
    const row = h("li", { data: { number: request.number, status: kind, fault: request.fault ? "yes" : "no" } }, open);
    row.request = request;
    return row;
  }

  /** Render the list again when names have become known. */
  rename() {
    for (const row of [...this.list.children]) row.replaceWith(this.row(row.request));
  }

  /** A path with names instead of ids; unknown ids are shortened. */
  readable(path) {
    const parts = path.replace(/^\/v0\//, "").split("/");
    return parts.flatMap((part, place) => {
      const name = this.names.get(part);
      const shown = name ? h("span", { class: "known" }, name) : /^[a-z]{3}\w{14}$/.test(part) ? `${part.slice(0, 5)}…${part.slice(-2)}` : part;
      return place ? ["/", shown] : [shown];
    });
  }

  count({ methods, statuses }) {
    const total = Object.values(methods).reduce((sum, many) => sum + many, 0);
    this.total.textContent = total.toLocaleString("en-US");
    show(this.counters,
      Object.entries(methods).map(([method, many]) => h("span", {}, h("b", {}, many.toLocaleString("en-US")), ` ${method}`)),
      Object.entries(statuses).sort().map(([status, many]) => h("span", { class: statusKind(Number(status)) }, h("b", {}, many.toLocaleString("en-US")), ` ${status === "0" ? "no reply" : status}`)));
  }
}

/** The short name of a client, from its `User-Agent`. */
function who(client) {
  return client.startsWith("Mozilla/") ? "browser" : client.split(" ", 1)[0];
}
