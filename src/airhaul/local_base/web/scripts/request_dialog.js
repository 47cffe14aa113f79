// The dialog of one request: the request, its reply, and a command to send it again.

import { wholeRequest } from "./api.js";
import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { decoded, milliseconds, statusKind } from "./formats.js";
import { icon } from "./icons.js";
import { bodyView } from "./json_view.js";

export async function openRequest(number, at) {
  let request;
  try {
    request = await wholeRequest(number);
  } catch (error) {
    openDialog("Request", h("p", { class: "error" }, error.message));
    return;
  }
  const title = h("span", { class: "request-title" }, h("span", { class: `method ${request.method.toLowerCase()}` }, request.method), " ", decoded(request.path));
  const facts = h("p", { class: "note facts-line" },
    h("span", { class: `status ${statusKind(request.status)}` }, request.status || "no reply"), ` ${milliseconds(request.seconds)} · ${at}`,
    request.client && ` · ${request.client}`, request.fault && h("span", { class: "fault" }, icon("bolt"), request.fault));
  const query = request.query.length
    ? [h("h3", {}, "Query"), h("table", { class: "facts" }, h("tbody", {}, request.query.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "wide" }, value)))))]
    : [];
  const forgotten = () => h("p", { class: "note" }, "No longer kept.");
  const isBodyForgotten = request.body == null && request.json_bytes > "null".length;
  const body = isBodyForgotten ? forgotten() : bodyView(request.body);
  const reply = request.reply == null ? forgotten() : bodyView(request.reply);
  const copy = h("button", { type: "button", class: "quiet", onclick: () => copied(copy, asCurl(request)) }, icon("copy"), "Copy as curl");
  openDialog(title, [h("div", { class: "facts-row" }, facts, !isBodyForgotten && copy), query, h("h3", {}, "Body"), body, h("h3", {}, "Reply"), reply], { kind: "broad" });
}

async function copied(button, text) {
  await navigator.clipboard.writeText(text);
  button.lastChild.textContent = "Copied";
}

/** The request as a curl command, with the token in a variable. */
function asCurl({ method, path, query, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const target = query.length ? `${path}?${new URLSearchParams(query)}` : path;
  const words = ["curl", "-X", method, quoted(location.origin + target), "-H", '"Authorization: Bearer $AIRTABLE_TOKEN"'];
  if (body != null) words.push("-H", "'Content-Type: application/json'", "-d", quoted(JSON.stringify(body)));
  return words.join(" ");
}
