// The grid: a header that sorts, and rows that open by click, Enter or Space.

import { cell } from "./cells.js";
import { h } from "./dom.js";
import { isNumeric, typeIcon, typeName } from "./fields.js";
import { icon } from "./icons.js";

const UNSORTABLE = new Set(["multipleAttachments", "button"]);

/** An empty table, and the element that takes its rows. */
export function gridOf(table, sort, onSort) {
  const rows = h("tbody", { onkeydown: moveByArrows });
  const head = h("tr", {}, h("th", { class: "place", scope: "col" }, h("span", { class: "unseen" }, "Open")), ordered(table).map((field) => headOf(field, sort, onSort)));
  return { rows, table: h("table", { "aria-label": table.name }, h("thead", {}, head), rows) };
}

/** The row of a record; `place` counts from 1. */
export function rowOf(table, record, place, onOpen) {
  const open = h("button", { type: "button", class: "open", "aria-label": `Open record ${place}`, onclick: onOpen }, h("span", {}, String(place)), icon("open"));
  const cells = ordered(table).map((field) => {
    const isPrimary = field.id === table.primaryFieldId;
    const shown = cell(field, record.fields[field.name]);
    return h(isPrimary ? "th" : "td", { scope: isPrimary ? "row" : null, class: [isPrimary && "primary", isNumeric(field) && "numeric"].filter(Boolean).join(" ") || null }, shown ?? "");
  });
  const onClick = (event) => event.target.closest("a, button") || onOpen();
  return h("tr", { data: { id: record.id }, onclick: onClick }, h("td", { class: "place" }, open), cells);
}

/** The fields, the primary one first. */
function ordered(table) {
  return [...table.fields].sort((one, other) => (other.id === table.primaryFieldId) - (one.id === table.primaryFieldId));
}

function headOf(field, sort, onSort) {
  const direction = sort?.field === field.name ? sort.direction : null;
  const words = [typeIcon(field.type), h("span", { class: "name" }, field.name), direction && icon(direction === "asc" ? "up" : "down")];
  const title = `${typeName(field.type)} · ${field.id}${field.description ? `\n${field.description}` : ""}`;
  const label = UNSORTABLE.has(field.type) ? h("span", { class: "head", title }, words) : h("button", { type: "button", class: "head", title, onclick: () => onSort(field) }, words);
  return h("th", { scope: "col", class: isNumeric(field) ? "numeric" : null, "aria-sort": direction && `${direction}ending` }, label);
}

function moveByArrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("button.open")) return;
  const row = event.target.closest("tr");
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  if (!next) return;
  event.preventDefault();
  next.querySelector("button.open").focus();
}
