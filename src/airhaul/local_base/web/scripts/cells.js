// Rendering cells by the type of their field, in the forms that Airtable's records have.

import { h } from "./dom.js";
import { shownField } from "./fields.js";
import * as format from "./formats.js";
import { icon } from "./icons.js";

const MENTION = /<airtable:mention id="[^"]*">([^<]*)<\/airtable:mention>/g;

/**
 * Render a cell.
 *
 * @param field The field as the metadata API describes it.
 * @param value The cell's JSON; undefined for an empty one.
 * @param whole Whether to show all of it.
 * @param onLink Called with a table's and a record's id when a linked record is opened.
 */
export function cell(field, value, { whole = false, onLink = null } = {}) {
  if (value == null || value === "" || (Array.isArray(value) && value.length === 0)) return null;
  const shown = shownField(field);
  if (field.type === "multipleLookupValues") {
    const items = Array.isArray(value) ? value : [value];
    return h("span", { class: "chips" }, items.map((item) => h("span", { class: "item" }, one(shown, item, whole, onLink))));
  }
  return one(shown, value, whole, onLink);
}

/** The title of a record: the text of its primary cell. */
export function titleOf(table, record) {
  const field = table.fields.find(({ id }) => id === table.primaryFieldId);
  return (field && cell(field, record.fields[field.name])?.textContent) || "Unnamed record";
}

function one(field, value, whole, onLink) {
  if (value != null && typeof value === "object") {
    if (value.error) return h("span", { class: "bad", title: "The formula gives an error" }, String(value.error));
    if (value.specialValue) return h("span", { class: "bad" }, String(value.specialValue));
  }
  const render = RENDERERS[field.type];
  if (render && fits(field.type, value)) return render(value, field.options ?? {}, { whole, onLink });
  if (Array.isArray(value)) return h("span", { class: "chips" }, value.map((item) => chip(plain(item))));
  return text(plain(value), whole);
}

const TEXTS = ["singleLineText", "multilineText", "richText", "email", "url", "phoneNumber", "date", "dateTime", "createdTime", "lastModifiedTime", "singleSelect", "externalSyncSource"];
const NUMBERS = ["number", "percent", "currency", "duration", "rating", "count", "autoNumber"];

/** Whether a value has the form of its type; any other value is shown as it is. */
function fits(type, value) {
  if (TEXTS.includes(type)) return typeof value === "string";
  if (NUMBERS.includes(type)) return typeof value === "number";
  if (type.startsWith("multiple")) return Array.isArray(value);
  return type === "checkbox" || typeof value === "object";
}

function plain(value) {
  if (typeof value === "number") return format.number(value);
  if (value === true) return "✓";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function text(value, whole) {
  return h("span", { class: whole ? "text whole" : "text" }, whole ? value : value.split("\n", 1)[0]);
}

function longText(value, _options, { whole }) {
  const node = text("", whole);
  const source = whole ? value.trimEnd() : value.trim().split("\n", 1)[0];
  let end = 0;
  for (const found of source.matchAll(MENTION)) {
    node.append(source.slice(end, found.index), h("span", { class: "mention" }, found[1]));
    end = found.index + found[0].length;
  }
  node.append(source.slice(end));
  return node;
}

function anchor(href, label) {
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
}

function web(value) {
  // Only http and https URLs become links; a javascript: URL stays text.
  return /^https?:\/\//i.test(value) ? anchor(value, value.replace(/^https?:\/\//i, "")) : text(value);
}

function chip(label, color) {
  const tone = /^([a-z]+)(Light2|Light1|Bright|Dark1)$/.exec(color ?? "");
  return h("span", { class: tone ? `chip hue-${tone[1]} tone-${tone[2]}` : "chip" }, label);
}

function choice(value, options) {
  return chip(value, options.choices?.find(({ name }) => name === value)?.color);
}

function person(value) {
  const name = value.name ?? value.email ?? value.id ?? "?";
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const face = h("span", { class: "face", style: { "--face": String(hue) }, "aria-hidden": "true" }, [...name][0].toUpperCase());
  return h("span", { class: "person", title: value.email ?? value.id }, face, name);
}

function hueClass(color) {
  return `hue-${(color ?? "").replace(/Bright$/, "") || "gray"}`;
}

function rating(value, options) {
  const name = options.icon ?? "star";
  const most = options.max ?? 5;
  const marks = Array.from({ length: most }, (_, place) => {
    const mark = icon(name, { filled: place < value });
    if (place >= value) mark.classList.add("off");
    return mark;
  });
  return h("span", { class: `rating ${hueClass(options.color)}`, role: "img", "aria-label": `${value} of ${most}` }, marks);
}

function checkbox(value, options) {
  if (!value) return null;
  const mark = icon(options.icon ?? "check", { filled: true });
  return h("span", { class: `tick ${hueClass(options.color)}`, role: "img", "aria-label": "ticked" }, mark);
}

function links(value, options, { onLink }) {
  return h("span", { class: "chips" }, value.map((id) => {
    if (!onLink) return h("span", { class: "chip link" }, id);
    return h("button", { type: "button", class: "chip link", onclick: () => onLink(options.linkedTableId, id) }, id);
  }));
}

function attachments(value, _options, { whole }) {
  return h("span", { class: whole ? "files whole" : "files" }, value.map((file) => attachment(file, whole)));
}

function attachment(file, whole) {
  const label = file.filename ?? file.url ?? file.id ?? "file";
  const isPage = /^(https?:)?\//i.test(file.url ?? "");
  const picture = file.thumbnails?.[whole ? "large" : "small"]?.url;
  const face = picture ? h("img", { src: picture, alt: "", loading: "lazy", onerror: (event) => event.target.replaceWith(icon("clip")) }) : icon("clip");
  const words = whole ? [face, h("span", {}, label), file.size != null && h("small", {}, format.bytes(file.size))] : [face];
  const properties = { class: "file", title: label };
  if (!isPage) return h("span", properties, words);
  return h("a", { ...properties, href: file.url, target: "_blank", rel: "noopener noreferrer", "aria-label": label }, words);
}

function button(value) {
  const isPage = /^https?:\/\//i.test(value.url ?? "");
  if (!isPage) return h("span", { class: "pressable off" }, value.label ?? "");
  return h("a", { class: "pressable", href: value.url, target: "_blank", rel: "noopener noreferrer" }, value.label ?? "");
}

function aiText(value, _options, { whole }) {
  if (value.state === "generated" || value.value) {
    const note = value.isStale ? h("small", { class: "note" }, "stale") : null;
    return h("span", { class: "text ai" }, icon("spark"), longText(String(value.value ?? ""), {}, { whole }), note);
  }
  return h("span", { class: value.state === "error" ? "bad" : "note" }, value.state === "error" ? (value.errorType ?? "error") : String(value.state ?? ""));
}

function time(value, options) {
  // The result of created and last modified times decides whether they have a time of day.
  const shown = options.result?.options ?? options;
  return text(value.length > 10 ? format.dateTime(value, shown) : format.date(value, shown));
}

const RENDERERS = {
  singleLineText: (value, _, { whole }) => text(value, whole),
  multilineText: longText,
  richText: longText,
  email: (value) => (/^[^\s@]+@[^\s@]+$/.test(value) ? anchor(`mailto:${encodeURI(value)}`, value) : text(value)),
  url: web,
  phoneNumber: (value) => (/^[+\d][\d\s().-]*$/.test(value) ? anchor(`tel:${value.replace(/[^+\d]/g, "")}`, value) : text(value)),
  number: (value, options) => text(format.number(value, options.precision)),
  percent: (value, options) => text(format.percent(value, options.precision)),
  currency: (value, options) => text(format.currency(value, options)),
  duration: (value, options) => text(format.duration(value, options.durationFormat)),
  count: (value) => text(format.number(value, 0)),
  autoNumber: (value) => text(String(value)),
  rating,
  checkbox,
  date: time,
  dateTime: time,
  createdTime: time,
  lastModifiedTime: time,
  singleSelect: choice,
  externalSyncSource: choice,
  multipleSelects: (value, options) => h("span", { class: "chips" }, value.map((name) => choice(plain(name), options))),
  singleCollaborator: person,
  createdBy: person,
  lastModifiedBy: person,
  multipleCollaborators: (value) => h("span", { class: "chips" }, value.map(person)),
  multipleRecordLinks: links,
  multipleAttachments: attachments,
  barcode: (value) => h("span", { class: "text code", title: value.type }, icon("bars"), String(value.text ?? "")),
  button,
  aiText,
};
