// The records of one table: the requests to the API, and the grid.

import { airtable } from "./api.js";
import { h, show } from "./dom.js";
import { describeOptions, typeIcon, typeName } from "./fields.js";
import { openDialog } from "./dialogs.js";
import { gridOf, rowOf } from "./grid.js";
import { openRecord } from "./record_dialog.js";

const PAGE = 100;

/** Shows one table at a time in an element. */
export class Records {
  constructor(element, { baseId, tables }) {
    this.element = element;
    this.baseId = baseId;
    this.tables = tables;
    this.asked = 0; // replies to older requests are dropped
  }

  open(table, formula = "") {
    this.table = table;
    this.formula = formula;
    this.view = "";
    this.sort = null;
    this.frame();
    return this.load();
  }

  frame() {
    const { table } = this;
    this.formulaInput = h("input", { id: "formula", type: "text", value: this.formula, placeholder: "Filter by formula, such as {Age} > 30", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-label": "Filter by formula", "aria-describedby": "formula-error" });
    this.error = h("p", { id: "formula-error", class: "error", role: "alert" });
    this.grid = h("div", { class: "grid", tabindex: "-1" });
    this.foot = h("footer", { class: "foot", role: "status" });
    const filter = h("form", { class: "filter", role: "search", onsubmit: (event) => this.filter(event) },
      this.formulaInput,
      h("button", { type: "submit" }, "Filter"),
      h("button", { type: "button", class: "quiet", onclick: () => this.clearFilter() }, "Clear"));
    show(this.element,
      h("header", { class: "table-head" },
        h("div", { class: "table-name" },
          h("h2", {}, table.name),
          h("code", { class: "id" }, table.id)),
        h("span", { class: "space" }),
        table.views?.length > 1 && this.viewChoice(),
        h("button", { type: "button", class: "quiet", onclick: () => this.showFields() }, `${table.fields.length} fields`),
        h("button", { type: "button", class: "quiet", onclick: () => this.load() }, "Reload")),
      table.description && h("p", { class: "description" }, table.description),
      filter, this.error, this.grid, this.foot);
  }

  viewChoice() {
    const choose = (event) => {
      this.view = event.target.value;
      this.load();
    };
    return h("select", { "aria-label": "View", onchange: choose },
      h("option", { value: "" }, "All records"),
      this.table.views.map(({ id, name }) => h("option", { value: id }, name)));
  }

  filter(event) {
    event.preventDefault();
    this.formula = this.formulaInput.value.trim();
    this.load();
  }

  clearFilter() {
    this.formulaInput.value = "";
    this.formula = "";
    this.load();
    this.formulaInput.focus();
  }

  sortBy(field) {
    const isSame = this.sort?.field === field.name;
    if (!isSame) this.sort = { field: field.name, direction: "asc" };
    else this.sort = this.sort.direction === "asc" ? { field: field.name, direction: "desc" } : null;
    this.load();
  }

  /** Load the first page again. */
  async load() {
    const asked = ++this.asked;
    this.element.setAttribute("aria-busy", "true");
    try {
      const page = await this.page();
      if (asked !== this.asked) return;
      this.count = 0;
      show(this.error);
      const made = gridOf(this.table, this.sort, (field) => this.sortBy(field));
      this.rows = made.rows;
      show(this.grid, made.table);
      this.grid.scrollTo(0, 0);
      this.add(page);
    } catch (error) {
      if (asked === this.asked) this.refused(error);
    } finally {
      if (asked === this.asked) this.element.removeAttribute("aria-busy");
    }
  }

  async more() {
    const asked = ++this.asked;
    try {
      const page = await this.page(this.offset);
      if (asked === this.asked) this.add(page);
    } catch (error) {
      if (asked === this.asked) this.refused(error);
    }
  }

  page(offset) {
    const query = [["pageSize", PAGE]];
    if (this.formula) query.push(["filterByFormula", this.formula]);
    if (this.view) query.push(["view", this.view]);
    if (this.sort) query.push(["sort[0][field]", this.sort.field], ["sort[0][direction]", this.sort.direction]);
    if (offset) query.push(["offset", offset]);
    return airtable(`/v0/${this.baseId}/${this.table.id}`, query);
  }

  add({ records, offset }) {
    this.offset = offset;
    for (const record of records) {
      this.count += 1;
      this.rows.append(rowOf(this.table, record, this.count, () => this.openRecord(record)));
    }
    const many = this.count === 1 ? "1 record" : `${this.count.toLocaleString("en-US")} records`;
    show(this.foot,
      h("span", {}, offset ? `${many} shown, and more ${this.formula ? "fit the filter" : "are there"}` : this.formula ? `${many} fit the filter` : many),
      offset && h("button", { type: "button", onclick: () => this.more() }, "Load more"));
    if (!this.count) this.grid.append(h("p", { class: "empty" }, this.formula ? "No record fits the filter." : "No records yet."));
  }

  refused(error) {
    show(this.error,
      h("strong", {}, error.status ? `${error.status} ${error.type}` : error.type), " ",
      error.message === error.type ? "" : error.message, " ",
      h("button", { type: "button", class: "quiet", onclick: () => this.load() }, "Try again"));
  }

  openRecord(record) {
    openRecord(this.table, record, { onLink: (tableId, id) => this.openLinked(tableId, id) });
  }

  async openLinked(tableId, id) {
    const table = this.tables.find((other) => other.id === tableId);
    if (!table) return;
    try {
      this.openAnother(table, await airtable(`/v0/${this.baseId}/${tableId}/${id}`));
    } catch (error) {
      this.refused(error);
    }
  }

  openAnother(table, record) {
    openRecord(table, record, { onLink: (tableId, id) => this.openLinked(tableId, id) });
  }

  showFields() {
    const row = (field) => h("tr", {},
      h("th", { scope: "row" }, typeIcon(field.type), field.name),
      h("td", {}, typeName(field.type)),
      h("td", { class: "wide" }, describeOptions(field), field.description && h("small", {}, field.description)),
      h("td", {}, h("code", { class: "id" }, field.id)));
    const head = h("tr", {}, ["Field", "Type", "Options", "Id"].map((name) => h("th", { scope: "col" }, name)));
    openDialog(`Fields of ${this.table.name}`, h("table", { class: "facts" }, h("thead", {}, head), h("tbody", {}, this.table.fields.map(row))), { kind: "broad" });
  }
}
