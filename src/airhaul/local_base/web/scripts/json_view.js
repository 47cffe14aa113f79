// JSON with its parts distinguished by color; each part is text.

import { h } from "./dom.js";

const PART = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Show a body: JSON is indented, anything else stays as received. */
export function bodyView(body) {
  if (body == null || body === "") return h("p", { class: "note" }, "none");
  return h("pre", { class: "json", tabindex: "0" }, parts(indented(body)));
}

function indented(body) {
  if (typeof body !== "string") return JSON.stringify(body, null, 2);
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function parts(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(PART)) {
    const kind = found[1] ? (found[2] ? "key" : "string") : found[3] ? "word" : "number";
    nodes.push(text.slice(end, found.index), h("span", { class: kind }, found[1] ?? found[0]), found[2] ?? "");
    end = found.index + found[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}
