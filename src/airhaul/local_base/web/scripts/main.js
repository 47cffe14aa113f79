// The page as a whole: the selected base, table and view, and the distribution of news.

import { airtable, useToken } from "./api.js";
import { Conditions } from "./conditions.js";
import { openDialog } from "./dialogs.js";
import { h, show } from "./dom.js";
import { icon } from "./icons.js";
import { Rate } from "./rate.js";
import { Records } from "./records.js";
import { Requests } from "./requests.js";
import { startTheme } from "./theme.js";
import { watch } from "./watch.js";

const at = (id) => document.getElementById(id);
const names = new Map(); // of bases and tables, by id
let baseId = null;
let requests = null;
let shown = null; // the tables of the base, and the records of one of them

async function start() {
  startTheme(at("theme"));
  at("token").addEventListener("click", () => askForToken());
  at("bases").addEventListener("change", (event) => openBase(event.target.value));
  addEventListener("hashchange", () => openHash());
  for (const button of document.querySelectorAll("nav.views button")) {
    button.addEventListener("click", () => showView(button.dataset.view));
  }
  showView("records");
  const rate = new Rate(at("rate"));
  requests = new Requests(at("requests"), names);
  const conditions = new Conditions(at("conditions"));
  watch(
    (news) => {
      rate.news(news, baseId ?? news.base_id, names);
      requests.news(news);
      conditions.news(news);
    },
    (isLive) => {
      at("live").textContent = isLive ? "live" : "no connection";
      at("live").classList.toggle("off", !isLive);
    },
  );
  await loadBases();
}

async function loadBases() {
  try {
    const { bases } = await airtable("/v0/meta/bases");
    for (const { id, name } of bases) names.set(id, name);
    show(at("bases"), bases.map(({ id, name }) => h("option", { value: id }, name)));
    const [, wanted] = location.hash.split("/");
    await openBase(isBase(wanted) ? wanted : bases[0]?.id);
  } catch (error) {
    failed(error, loadBases);
  }
}

async function openBase(id) {
  if (!id) {
    show(at("records"), h("p", { class: "empty" }, "No bases yet."));
    return;
  }
  try {
    const { tables } = await airtable(`/v0/meta/bases/${id}/tables`);
    baseId = id;
    for (const table of tables) names.set(table.id, table.name);
    requests.rename();
    at("bases").value = id;
    at("base-id").textContent = id;
    shown = { records: new Records(at("records"), { baseId: id, tables }), tables };
    show(at("tables"), tables.map((table) => h("li", {}, h("a", { href: `#/${id}/${table.id}`, data: { id: table.id } }, icon("table"), h("span", {}, table.name)))));
    await openHash();
  } catch (error) {
    failed(error, () => openBase(id));
  }
}

function isBase(id) {
  return [...at("bases").options].some(({ value }) => value === id);
}


async function openHash() {
  const [, wantedBase, wantedTable] = location.hash.split("/");
  if (wantedBase && wantedBase !== baseId && isBase(wantedBase)) {
    await openBase(wantedBase);
    return;
  }
  const table = shown.tables.find(({ id }) => id === wantedTable) ?? shown.tables[0];
  for (const link of at("tables").querySelectorAll("a")) {
    if (link.dataset.id === table?.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!table) {
    show(at("records"), h("p", { class: "empty" }, "This base has no tables yet."));
    return;
  }
  await shown.records.open(table);
}

function failed(error, again) {
  show(at("records"), h("p", { class: "error", role: "alert" }, h("strong", {}, `${error.status || ""} ${error.type}`), " ", error.message === error.type ? "" : error.message, " ", h("button", { type: "button", class: "quiet", onclick: again }, "Try again")));
  if (error.status === 401) askForToken();
}

function askForToken() {
  const input = h("input", { type: "password", autocomplete: "off", "aria-label": "Token", placeholder: "pat…", required: true });
  const use = (event) => {
    event.preventDefault();
    useToken(input.value.trim());
    dialog.close();
    loadBases();
  };
  const words = h("p", {}, "Records come from the same API that your programs use. Enter a token that this server accepts; it is kept in this tab only.");
  const dialog = openDialog("Token", [words, h("form", { class: "token-form", onsubmit: use }, input, h("button", { type: "submit" }, "Use"))], { kind: "small" });
}

/** Select the view that small screens show. */
function showView(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("nav.views button")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
}

start();
