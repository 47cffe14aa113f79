// Airtable's field types: their names and icons.

import { icon } from "./icons.js";

const TYPES = {
  singleLineText: ["Single line text", "text"],
  multilineText: ["Long text", "lines"],
  richText: ["Rich text", "rich"],
  email: ["Email", "mail"],
  url: ["URL", "link"],
  phoneNumber: ["Phone number", "phone"],
  number: ["Number", "number"],
  percent: ["Percent", "percent"],
  currency: ["Currency", "money"],
  duration: ["Duration", "clock"],
  rating: ["Rating", "star"],
  checkbox: ["Checkbox", "box"],
  date: ["Date", "day"],
  dateTime: ["Date and time", "day"],
  singleSelect: ["Single select", "one"],
  multipleSelects: ["Multiple select", "many"],
  singleCollaborator: ["Collaborator", "person"],
  multipleCollaborators: ["Collaborators", "people"],
  multipleRecordLinks: ["Linked records", "records"],
  multipleAttachments: ["Attachments", "clip"],
  barcode: ["Barcode", "bars"],
  formula: ["Formula", "formula"],
  rollup: ["Rollup", "rollup"],
  multipleLookupValues: ["Lookup", "lookup"],
  count: ["Count", "count"],
  autoNumber: ["Autonumber", "auto"],
  createdTime: ["Created time", "clock"],
  lastModifiedTime: ["Last modified time", "clock"],
  createdBy: ["Created by", "person"],
  lastModifiedBy: ["Last modified by", "person"],
  button: ["Button", "button"],
  aiText: ["AI text", "spark"],
  externalSyncSource: ["Sync source", "sync"],
};

const NUMBERS = new Set(["number", "percent", "currency", "duration", "count", "autoNumber"]);
const COMPUTED = new Set(["formula", "rollup", "multipleLookupValues"]);

/** The display name of a type; an unknown type keeps its own name. */
export function typeName(type) {
  return TYPES[type]?.[0] ?? type;
}

export function typeIcon(type) {
  return icon(TYPES[type]?.[1] ?? "unknown");
}

/** The field as which cells are shown: itself, or the result of a computed field. */
export function shownField(field) {
  const result = COMPUTED.has(field.type) ? field.options?.result : null;
  return result ? { ...field, type: result.type, options: result.options } : field;
}

export function isNumeric(field) {
  return field.type !== "multipleLookupValues" && NUMBERS.has(shownField(field).type);
}

/** The options of a field, in a few words. */
export function describeOptions(field) {
  const options = field.options ?? {};
  const parts = [];
  if (options.formula) parts.push(options.formula);
  if (options.isValid === false) parts.push("not valid");
  if (options.result) parts.push(`gives ${typeName(options.result.type).toLowerCase()}`);
  if (options.choices) parts.push(options.choices.map((choice) => choice.name).join(", "));
  if (options.linkedTableId) parts.push(`to ${options.linkedTableId}`);
  if (options.precision != null) parts.push(`${options.precision} decimals`);
  if (options.symbol) parts.push(options.symbol);
  if (options.durationFormat) parts.push(options.durationFormat);
  if (options.max) parts.push(`up to ${options.max}`);
  if (options.dateFormat) parts.push(options.dateFormat.format ?? options.dateFormat.name);
  if (options.timeFormat) parts.push(options.timeFormat.format ?? options.timeFormat.name);
  if (options.timeZone) parts.push(options.timeZone);
  return parts.join(" · ");
}
