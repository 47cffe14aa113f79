// A local base in a process of its own, and the client connected to it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import Airtable from "airtable";

const PYTHON = process.env.AIRHAUL_PYTHON ?? "python3";
export const TOKEN = "patStrangers.secret";

/** One `airhaul serve`, with a base in memory. */
export class Served {
  /** Start it with further options of the command, and wait until it takes requests. */
  static async start(...options) {
    const child = spawn(PYTHON, ["-m", "airhaul", "serve", "--port", "0", ...options], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const said = line.match(/serves base (app\w{14}) at (http:\S+)/);
      if (said !== null) return new Served(child, said[1], said[2]);
    }
    throw new Error("airhaul serve ended before it took requests");
  }

  constructor(child, baseId, url) {
    this.child = child;
    this.baseId = baseId;
    this.url = url;
    this.base = this.connect().base(baseId);
  }

  /** The client, with options of its own. */
  connect(options = {}) {
    return new Airtable({ apiKey: TOKEN, endpointUrl: this.url, ...options });
  }

  /** What the client has no method for: the status and the body of any request. */
  async ask(method, path, body) {
    const reply = await fetch(`${this.url}/v0/${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await reply.text();
    return { status: reply.status, body: text === "" ? null : JSON.parse(text) };
  }

  /** Create a table; its description as the service prints it. */
  async createTable(name, fields = PEOPLE) {
    const reply = await this.ask("POST", `meta/bases/${this.baseId}/tables`, { name, fields });
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return reply.body;
  }

  /** The cells of all records of a table, in the order of creation, as the server holds them. */
  async cells(table) {
    const path = `${this.baseId}/${encodeURIComponent(table)}?view=Grid%20view`;
    const { body } = await this.ask("GET", path);
    return body.records.map((record) => record.fields);
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
  }
}

/** Start a server for one test, and stop it in any case. */
export async function withServer(options, use) {
  const served = await Served.start(...options);
  try {
    await use(served);
  } finally {
    await served.stop();
  }
}

export const PEOPLE = [
  { name: "Name", type: "singleLineText" },
  { name: "Age", type: "number", options: { precision: 0 } },
  { name: "Active", type: "checkbox", options: { icon: "check", color: "greenBright" } },
  {
    name: "Status",
    type: "singleSelect",
    options: { choices: [{ name: "todo" }, { name: "done" }] },
  },
  { name: "Tags", type: "multipleSelects", options: { choices: [{ name: "a" }, { name: "b" }] } },
  { name: "Born", type: "date", options: { dateFormat: { name: "iso" } } },
  {
    name: "Seen",
    type: "dateTime",
    options: { timeZone: "utc", dateFormat: { name: "iso" }, timeFormat: { name: "24hour" } },
  },
  { name: "Price", type: "currency", options: { precision: 2, symbol: "$" } },
];

/** `count` records named P0, P1, ... with their number as age. */
export async function addPeople(table, count) {
  const rows = Array.from({ length: count }, (_, n) => ({ fields: { Name: `P${n}`, Age: n } }));
  const made = [];
  for (let start = 0; start < count; start += 10) {
    made.push(...(await table.create(rows.slice(start, start + 10))));
  }
  return made;
}

export const names = (records) => records.map((record) => record.get("Name"));
