// What the service refuses, and what the client makes of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Served, TOKEN } from "./served.mjs";

let served;
let table;

before(async () => {
  served = await Served.start("--token", TOKEN);
  await served.createTable("People");
  table = served.base("People");
});
after(() => served?.stop());

test("a wrong token", async () => {
  const wrong = served.connect({ apiKey: "patOther.secret" }).base(served.baseId);
  await assert.rejects(wrong("People").select().firstPage(), {
    error: "AUTHENTICATION_REQUIRED",
    statusCode: 401,
  });
  await assert.rejects(wrong.makeRequest({ path: "/People" }), { statusCode: 401 });
});

test("a table or base that is not there", async () => {
  const refused = { error: "NOT_AUTHORIZED", statusCode: 403 };
  await assert.rejects(served.base("Nothing").select().firstPage(), refused);
  await assert.rejects(served.base("Nothing").create({ Name: "x" }), refused);
  const other = served.connect().base("app00000000000000");
  await assert.rejects(other("People").select().firstPage(), refused);
});

test("ids of the wrong form", async () => {
  const missing = { error: "NOT_FOUND", statusCode: 404 };
  await assert.rejects(served.connect().base("junk")("People").select().firstPage(), missing);
  await assert.rejects(table.find("junk"), missing);
});

test("a record that is not there", async () => {
  const missing = { error: "NOT_FOUND", message: "Record not found", statusCode: 404 };
  await assert.rejects(table.find("rec00000000000000"), missing);
  await assert.rejects(table.update("rec00000000000000", { Name: "x" }), missing);
  await assert.rejects(table.destroy("rec00000000000000"), missing);
  await assert.rejects(table.destroy(["rec00000000000000"]), { statusCode: 422 });
});

test("unknown fields, wherever they are named", async () => {
  const unknown = { error: "UNKNOWN_FIELD_NAME", message: 'Unknown field name: "Nme"' };
  await assert.rejects(table.create({ Nme: "x" }), unknown);
  await assert.rejects(table.create([{ fields: { Nme: "x" } }]), unknown);
  await assert.rejects(table.select({ fields: ["Nme"] }).firstPage(), unknown);
  await assert.rejects(table.select({ sort: [{ field: "Nme" }] }).firstPage(), unknown);
  await assert.rejects(table.select({ filterByFormula: "{Nme} = 1" }).firstPage(), {
    error: "INVALID_FILTER_BY_FORMULA",
    message: "The formula for filtering records is invalid: Unknown field names: nme",
  });
});

test("formulas that cannot be read", async () => {
  for (const filterByFormula of ["AND(", "1 +", "{Name", "NOSUCH()", "'open"]) {
    await assert.rejects(table.select({ filterByFormula }).firstPage(), {
      error: "INVALID_FILTER_BY_FORMULA",
      statusCode: 422,
    });
  }
});

test("values that do not fit", async () => {
  const cases = { Age: "7", Active: "yes", Born: "tomorrow", Seen: true, Price: {}, Tags: "a" };
  for (const [field, value] of Object.entries(cases)) {
    await assert.rejects(table.create({ [field]: value }), {
      error: "INVALID_VALUE_FOR_COLUMN",
      statusCode: 422,
    });
  }
  assert.deepEqual(await served.cells("People"), []);
});

test("page sizes beyond a hundred", async () => {
  await assert.rejects(table.select({ pageSize: 101 }).firstPage(), {
    error: "INVALID_REQUEST_UNKNOWN",
    message: "Invalid request: parameter validation failed. Check your request data.",
  });
});

test("a body beyond the limit", async () => {
  await assert.rejects(table.create({ Name: "x".repeat(11_000_000) }), {
    error: "REQUEST_TOO_LARGE",
    statusCode: 413,
  });
});

test("an error prints its message, type and status", async () => {
  const error = await table.create({ Nme: "x" }).catch((refused) => refused);
  assert.equal(
    error.toString(),
    'Unknown field name: "Nme"(UNKNOWN_FIELD_NAME)[Http code 422]',
  );
});
