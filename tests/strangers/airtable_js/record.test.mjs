// One record, its own methods, and the client's lower doors.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import Airtable from "airtable";

import { Served, TOKEN } from "./served.mjs";

let served;
let people;
let table;
let record;

before(async () => {
  served = await Served.start();
  people = await served.createTable("People");
  table = served.base("People");
});
after(() => served?.stop());
beforeEach(async () => {
  record = await table.create({ Name: "Ada", Age: 36, Status: "todo" });
});

const held = async () => (await table.find(record.id)).fields;

test("find gets a record", async () => {
  const found = await table.find(record.id);
  assert.equal(found.getId(), record.id);
  assert.equal(found.get("Name"), "Ada");
  assert.deepEqual(found._rawJson, record._rawJson);
});

test("find looks through the whole base", async () => {
  await served.createTable("Elsewhere");
  assert.equal((await served.base("Elsewhere").find(record.id)).get("Name"), "Ada");
});

test("save replaces the record by what was set", async () => {
  record.set("Name", "Eve");
  delete record.fields.Status;
  await record.save();
  assert.deepEqual(await held(), { Name: "Eve", Age: 36 });
});

test("patchUpdate and updateFields change cells", async () => {
  await record.patchUpdate({ Age: 37 });
  await record.updateFields({ Status: "new" }, { typecast: true });
  assert.deepEqual(record.fields, { Name: "Ada", Age: 37, Status: "new" });
  assert.deepEqual(await held(), record.fields);
});

test("putUpdate and replaceFields clear the others", async () => {
  await record.putUpdate({ Name: "Eve", Age: 1 });
  assert.deepEqual(await held(), { Name: "Eve", Age: 1 });
  await record.replaceFields({ Name: "Eva" });
  assert.deepEqual(await held(), { Name: "Eva" });
});

test("fetch reads it again", async () => {
  await table.update(record.id, { Name: "Eve" });
  assert.equal(record.get("Name"), "Ada");
  await record.fetch();
  assert.equal(record.get("Name"), "Eve");
});

test("destroy deletes it", async () => {
  await record.destroy();
  await assert.rejects(record.fetch(), { error: "NOT_FOUND", statusCode: 404 });
});

test("makeRequest reaches any path of the base", async () => {
  const found = await served.base.makeRequest({
    path: `/People/${record.id}`,
    qs: { returnFieldsByFieldId: true },
  });
  assert.equal(found.statusCode, 200);
  assert.equal(found.body.fields[people.fields[0].id], "Ada");
  const changed = await served.base.makeRequest({
    method: "patch",
    path: `/${people.id}/${record.id}`,
    body: { fields: { Name: "Eve" } },
  });
  assert.equal(changed.body.fields.Name, "Eve");
  const listed = await served.base.makeRequest({
    path: "/People",
    qs: { sort: [{ field: "Name", direction: "desc" }], fields: ["Name"], maxRecords: 1 },
  });
  assert.deepEqual(listed.body.records[0].fields, { Name: "Eve" });
  await assert.rejects(served.base.makeRequest({ path: "/People/a/b/c" }), {
    error: "NOT_FOUND",
    statusCode: 404,
  });
});

test("runAction reaches any path of the base", async () => {
  const body = await new Promise((resolve, reject) => {
    served.base.runAction("get", `/People/${record.id}`, {}, null, (error, _, result) =>
      error ? reject(error) : resolve(result),
    );
  });
  assert.equal(body.id, record.id);
});

test("the endpoint is configured for all, or by an own header", async () => {
  Airtable.configure({ apiKey: TOKEN, endpointUrl: served.url });
  assert.equal((await Airtable.base(served.baseId)("People").find(record.id)).id, record.id);
  const customHeaders = { "x-airtable-user-agent": "own", "x-api-version": "0.1.0" };
  const base = served.connect({ customHeaders }).base(served.baseId);
  assert.equal((await base("People").find(record.id)).id, record.id);
  assert.equal(base.getId(), served.baseId);
});
