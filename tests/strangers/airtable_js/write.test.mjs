// Creating, changing, replacing and deleting records, one and many.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { addPeople, names, Served } from "./served.mjs";

let served;
let name;
let people;
let table;
let count = 0;

before(async () => {
  served = await Served.start();
});
after(() => served?.stop());
beforeEach(async () => {
  count += 1;
  name = `People ${count}`;
  people = await served.createTable(name);
  table = served.base(name);
});

const held = () => served.cells(name);

test("create makes one record, and leaves out what is empty", async () => {
  const record = await table.create({ Name: "Ada", Age: 36, Active: false, Tags: [] });
  assert.match(record.id, /^rec\w{14}$/);
  assert.deepEqual(record.fields, { Name: "Ada", Age: 36 });
  assert.match(record._rawJson.createdTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  assert.deepEqual(await held(), [{ Name: "Ada", Age: 36 }]);
});

test("create makes many records, in order", async () => {
  const made = await addPeople(table, 10);
  assert.deepEqual(names(made), names(await table.select({ view: "Grid view" }).all()));
  assert.equal(new Set(made.map((record) => record.id)).size, 10);
});

test("create refuses eleven, and makes none of them", async () => {
  const rows = Array.from({ length: 11 }, () => ({ fields: { Name: "x" } }));
  await assert.rejects(table.create(rows), { error: "INVALID_RECORDS", statusCode: 422 });
  assert.deepEqual(await held(), []);
});

test("one bad row sinks its request", async () => {
  const rows = [{ fields: { Name: "good" } }, { fields: { Age: "many" } }];
  await assert.rejects(table.create(rows), {
    error: "INVALID_VALUE_FOR_COLUMN",
    message: 'Field "Age" cannot accept the provided value',
  });
  assert.deepEqual(await held(), []);
});

test("create casts types when asked to", async () => {
  await assert.rejects(table.create({ Status: "new" }), {
    error: "INVALID_MULTIPLE_CHOICE_OPTIONS",
  });
  const cells = { Name: "Ada", Age: "36", Status: "new", Tags: ["a", "c"] };
  const record = await table.create(cells, { typecast: true });
  assert.deepEqual(record.fields, { Name: "Ada", Age: 36, Status: "new", Tags: ["a", "c"] });
  const many = await table.create([{ fields: { Age: "37" } }], { typecast: true });
  assert.deepEqual(many[0].fields, { Age: 37 });
});

test("create takes callbacks", async () => {
  const record = await new Promise((resolve, reject) => {
    table.create({ Name: "Ada" }, (error, made) => (error ? reject(error) : resolve(made)));
  });
  assert.deepEqual(record.fields, { Name: "Ada" });
  const error = await new Promise((resolve) => {
    table.create({ Nme: "Ada" }, { typecast: true }, resolve);
  });
  assert.equal(error.error, "UNKNOWN_FIELD_NAME");
});

test("cells are written by field id, too", async () => {
  const [field] = people.fields;
  const record = await table.create({ [field.id]: "Ada" }, { returnFieldsByFieldId: true });
  assert.deepEqual(record.fields, { [field.id]: "Ada" });
  assert.deepEqual(await held(), [{ Name: "Ada" }]);
});

test("update changes the named cells of one record", async () => {
  const { id } = await table.create({ Name: "Ada", Age: 36, Status: "todo" });
  const changed = await table.update(id, { Age: 37, Status: null });
  assert.deepEqual(changed.fields, { Name: "Ada", Age: 37 });
  assert.deepEqual((await table.update(id, { Age: "38" }, { typecast: true })).fields.Age, 38);
  assert.deepEqual(await held(), [{ Name: "Ada", Age: 38 }]);
});

test("update changes the named cells of many records", async () => {
  const made = await addPeople(table, 3);
  const rows = made.map(({ id }, n) => ({ id, fields: { Age: n * 10 } }));
  const changed = await table.update(rows.reverse());
  assert.deepEqual(names(changed), ["P2", "P1", "P0"]);
  assert.deepEqual(
    (await held()).map((cells) => cells.Age),
    [0, 10, 20],
  );
});

test("replace clears the cells that are not named", async () => {
  const first = await table.create({ Name: "Ada", Age: 36 });
  const second = await table.create({ Name: "Bob", Age: 37 });
  assert.deepEqual((await table.replace(first.id, { Name: "Eve" })).fields, { Name: "Eve" });
  const rows = [{ id: second.id, fields: { Age: 38 } }];
  assert.deepEqual((await table.replace(rows))[0].fields, { Age: 38 });
  assert.deepEqual(await held(), [{ Name: "Eve" }, { Age: 38 }]);
});

test("update of a record that is not there changes none", async () => {
  const { id } = await table.create({ Name: "Ada" });
  const rows = [
    { id, fields: { Name: "changed" } },
    { id: "rec00000000000000", fields: { Name: "lost" } },
  ];
  await assert.rejects(table.update(rows), { error: "ROW_DOES_NOT_EXIST", statusCode: 422 });
  await assert.rejects(table.update("rec00000000000000", {}), { statusCode: 404 });
  assert.deepEqual(await held(), [{ Name: "Ada" }]);
});

test("rows are merged in by key through the options of update", async () => {
  await table.create({ Name: "Ada", Age: 36 });
  const rows = [{ fields: { Name: "Ada", Age: 37 } }, { fields: { Name: "Bob" } }];
  const merged = await table.update(rows, { performUpsert: { fieldsToMergeOn: ["Name"] } });
  assert.deepEqual(names(merged), ["Ada", "Bob"]);
  assert.deepEqual(await held(), [{ Name: "Ada", Age: 37 }, { Name: "Bob" }]);
});

test("destroy deletes one record", async () => {
  const made = await addPeople(table, 2);
  assert.equal((await table.destroy(made[0].id)).id, made[0].id);
  await assert.rejects(table.destroy(made[0].id), { error: "NOT_FOUND", statusCode: 404 });
  assert.deepEqual(await held(), [{ Name: "P1", Age: 1 }]);
});

test("destroy deletes many records", async () => {
  const ids = (await addPeople(table, 10)).map((record) => record.id);
  const gone = await table.destroy(ids);
  assert.deepEqual(
    gone.map((record) => record.id),
    ids,
  );
  assert.deepEqual(await held(), []);
});

test("text of every script comes back as it was", async () => {
  const texts = ["😀👩‍👩‍👧", "naïve\u00a0ﬃ", "שלום", "a\nb\tc", '"quoted" \\ {x}', "\u2028"];
  const made = await table.create(texts.map((text) => ({ fields: { Name: text } })));
  assert.deepEqual(names(made), texts);
  assert.deepEqual(
    (await held()).map((cells) => cells.Name),
    texts,
  );
});

test("links go both ways", async () => {
  const options = { linkedTableId: people.id };
  const tasks = await served.createTable(`Tasks ${count}`, [
    { name: "Title", type: "singleLineText" },
  ]);
  const fields = `meta/bases/${served.baseId}/tables/${tasks.id}/fields`;
  const linked = await served.ask("POST", fields, {
    name: "Who",
    type: "multipleRecordLinks",
    options,
  });
  assert.equal(linked.status, 200, JSON.stringify(linked.body));
  const inverseId = linked.body.options.inverseLinkFieldId;
  const who = await table.create({ Name: "Ada" });
  const task = await served.base(tasks.id).create({ Title: "Think", Who: [who.id] });
  assert.deepEqual(task.get("Who"), [who.id]);
  const [there] = await table.select({ returnFieldsByFieldId: true }).all();
  assert.deepEqual(there.fields[inverseId], [task.id]);
  await served.base(tasks.id).destroy(task.id);
  const [after] = await table.select({ returnFieldsByFieldId: true }).all();
  assert.equal(after.fields[inverseId], undefined);
});

test("attachments are given by URL", async () => {
  const files = await served.createTable(`Files ${count}`, [
    { name: "Name", type: "singleLineText" },
    { name: "Files", type: "multipleAttachments" },
  ]);
  const url = "https://files.invalid/folder/photo.png";
  const record = await served.base(files.id).create({ Name: "a", Files: [{ url }] });
  const [attachment] = record.get("Files");
  assert.match(attachment.id, /^att\w{14}$/);
  assert.equal(attachment.filename, "photo.png");
  const kept = await served.base(files.id).update(record.id, { Files: [{ id: attachment.id }] });
  assert.equal(kept.get("Files")[0].id, attachment.id);
});
