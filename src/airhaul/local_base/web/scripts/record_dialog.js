// The dialog of one record: each field with its type, and the record's JSON.

import { cell, titleOf } from "./cells.js";
import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { typeIcon, typeName } from "./fields.js";
import { bodyView } from "./json_view.js";

export function openRecord(table, record, { onLink }) {
  const follow = (tableId, id) => {
    dialog.close();
    onLink(tableId, id);
  };
  const fields = table.fields.map((field) => {
    const shown = cell(field, record.fields[field.name], { whole: true, onLink: follow });
    return h("div", { class: "cell" },
      h("dt", { title: typeName(field.type) }, typeIcon(field.type), field.name),
      h("dd", {}, shown ?? h("span", { class: "note" }, "empty")));
  });
  const raw = h("details", {}, h("summary", {}, "JSON"), bodyView(record));
  const facts = h("p", { class: "note" }, h("code", { class: "id" }, record.id), ` in ${table.name} · created ${record.createdTime}`);
  const dialog = openDialog(titleOf(table, record), [facts, h("dl", { class: "record" }, fields), raw], { kind: "sheet" });
}
