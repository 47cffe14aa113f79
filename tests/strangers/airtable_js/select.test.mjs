// Reading lists: every parameter of select(), in both ways that the client asks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addPeople, names, Served } from "./served.mjs";

let served;
let table;
let people;

before(async () => {
  served = await Served.start();
  people = await served.createTable("People");
  table = served.base("People");
  await addPeople(table, 120);
});
after(() => served?.stop());

// In the order of creation; without a view, a list is in the order of the random ids.
const view = "Grid view";

const numbered = (from, to) => Array.from({ length: to - from }, (_, n) => `P${from + n}`);

test("firstPage gives a hundred records, by id or in the order of a view", async () => {
  assert.deepEqual(names(await table.select({ view }).firstPage()), numbered(0, 100));
  const ids = (await table.select().firstPage()).map((record) => record.id);
  assert.equal(ids.length, 100);
  assert.deepEqual(ids, ids.toSorted());
});

test("all reads every page", async () => {
  assert.deepEqual(names(await table.select({ view }).all()), numbered(0, 120));
  assert.deepEqual(names(await table.select({ view, pageSize: 7 }).all()), numbered(0, 120));
});

test("eachPage hands over pages, and stops when it is not asked for more", async () => {
  const sizes = [];
  await table.select({ pageSize: 50 }).eachPage((records, next) => {
    sizes.push(records.length);
    next();
  });
  assert.deepEqual(sizes, [50, 50, 20]);

  const first = await new Promise((resolve) => {
    table.select({ view, pageSize: 3 }).eachPage((records) => resolve(records), assert.fail);
  });
  assert.deepEqual(names(first), ["P0", "P1", "P2"]);
});

test("callbacks are told what promises are", async () => {
  const records = await new Promise((resolve, reject) => {
    const query = { view, maxRecords: 2 };
    table.select(query).all((error, all) => (error ? reject(error) : resolve(all)));
  });
  assert.deepEqual(names(records), ["P0", "P1"]);
});

test("maxRecords counts over all pages", async () => {
  const sizes = [];
  await table.select({ pageSize: 10, maxRecords: 25 }).eachPage((records, next) => {
    sizes.push(records.length);
    next();
  });
  assert.deepEqual(sizes, [10, 10, 5]);
});

test("fields are read by name and by id, and no others", async () => {
  const [age] = people.fields.filter((field) => field.name === "Age");
  for (const field of ["Age", age.id]) {
    const [record] = await table.select({ view, fields: [field], maxRecords: 1 }).firstPage();
    assert.deepEqual(record.fields, { Age: 0 });
  }
});

test("filterByFormula keeps what is true", async () => {
  const filterByFormula = "AND({Age} > 2, {Age} <= 5, FIND('P', {Name}))";
  assert.deepEqual(names(await table.select({ view, filterByFormula }).all()), ["P3", "P4", "P5"]);
  assert.deepEqual(await table.select({ filterByFormula: "{Name} = ''" }).all(), []);
});

test("sort has directions and priorities", async () => {
  const oldest = await table.select({ sort: [{ field: "Age", direction: "desc" }] }).firstPage();
  assert.deepEqual(names(oldest.slice(0, 3)), ["P119", "P118", "P117"]);
  const sort = [{ field: "Status" }, { field: "Age", direction: "desc" }];
  const [first] = await table.select({ sort, maxRecords: 1 }).firstPage();
  assert.equal(first.get("Name"), "P119");
});

test("a view is named by name or id", async () => {
  const [view] = people.views;
  for (const name of [view.name, view.id]) {
    assert.equal((await table.select({ view: name }).all()).length, 120);
  }
  await assert.rejects(table.select({ view: "No such view" }).all(), {
    error: "VIEW_NAME_NOT_FOUND",
    statusCode: 422,
  });
});

test("a formula too long for a URL is posted, and its pages too", async () => {
  const ids = (await table.select({ view }).all()).map((record) => record.id).slice(0, 110);
  const filterByFormula = `OR(${[...ids, ...ids, ...ids, ...ids, ...ids, ...ids]
    .map((id) => `RECORD_ID() = '${id}'`)
    .join(", ")})`;
  assert.ok(filterByFormula.length > 16_000);
  const sort = [{ field: "Age", direction: "desc" }];
  const found = await table.select({ filterByFormula, pageSize: 100, sort }).all();
  assert.deepEqual(names(found), numbered(0, 110).reverse());
  const query = new URLSearchParams({ filterByFormula });
  const refused = await served.ask("GET", `${served.baseId}/People?${query}`);
  assert.equal(refused.status, 414);
});

test("every parameter can be posted", async () => {
  const records = await table
    .select({
      method: "post",
      fields: ["Name", "Age"],
      filterByFormula: "{Age} >= 10",
      maxRecords: 15,
      pageSize: 10,
      sort: [{ field: "Age", direction: "asc" }],
      view: "Grid view",
      cellFormat: "json",
      timeZone: "Europe/Berlin",
      userLocale: "de",
      returnFieldsByFieldId: false,
      recordMetadata: ["commentCount"],
    })
    .all();
  assert.deepEqual(names(records), numbered(10, 25));
  assert.deepEqual(records[0].fields, { Name: "P10", Age: 10 });
  assert.equal(records[0].commentCount, 0);
});

test("returnFieldsByFieldId names cells by id", async () => {
  const [name, age] = people.fields;
  for (const method of ["get", "post"]) {
    const query = { view, returnFieldsByFieldId: true, maxRecords: 1, method };
    const [record] = await table.select(query).firstPage();
    assert.deepEqual(record.fields, { [name.id]: "P0", [age.id]: 0 });
  }
});

test("recordMetadata counts comments", async () => {
  const [commented] = await table.select({ maxRecords: 1 }).firstPage();
  assert.equal(commented.commentCount, undefined);
  const comments = `${served.baseId}/People/${commented.id}/comments`;
  assert.equal((await served.ask("POST", comments, { text: "Well done" })).status, 200);
  const query = { recordMetadata: ["commentCount"], maxRecords: 2 };
  const records = await table.select(query).firstPage();
  assert.deepEqual(
    records.map((record) => record.commentCount),
    [1, 0],
  );
});

test("cellFormat string shows cells as people read them", async () => {
  await served.createTable("Shown");
  const shown = served.base("Shown");
  await shown.create({
    Name: "Ada",
    Age: 36,
    Active: true,
    Status: "todo",
    Tags: ["a", "b"],
    Born: "2024-02-03",
    Seen: "2024-02-03T22:30:00.000Z",
    Price: 12.5,
  });
  for (const method of ["get", "post"]) {
    const query = {
      cellFormat: "string",
      timeZone: "Asia/Tokyo",
      userLocale: "en-us",
      maxRecords: 1,
      method,
    };
    const [record] = await shown.select(query).firstPage();
    assert.equal(record.get("Name"), "Ada");
    assert.equal(record.get("Age"), "36");
    assert.equal(record.get("Status"), "todo");
    assert.equal(record.get("Tags"), "a, b");
    assert.equal(record.get("Born"), "2024-02-03");
    assert.match(record.get("Price"), /^\$12\.50$/);
    for (const cell of Object.values(record.fields)) assert.equal(typeof cell, "string");
  }
});

test("cellFormat string needs a time zone and a locale", async () => {
  await assert.rejects(table.select({ cellFormat: "string" }).firstPage(), { statusCode: 422 });
});

test("a stale offset is refused", async () => {
  const stale = `${served.baseId}/People?offset=itr00000000000000%2Frec00000000000000`;
  const { status, body } = await served.ask("GET", stale);
  assert.equal(status, 422);
  assert.equal(body.error.type, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE");
});

test("the deprecated list and forEach still read", async () => {
  const page = await new Promise((resolve, reject) => {
    table.list(50, null, { view }, (error, records, offset) =>
      error ? reject(error) : resolve({ records, offset }),
    );
  });
  assert.deepEqual(names(page.records), numbered(0, 50));
  const following = await new Promise((resolve, reject) => {
    table.list(50, page.offset, { view }, (error, records) =>
      error ? reject(error) : resolve(records),
    );
  });
  assert.deepEqual(names(following), numbered(50, 100));

  const posted = await new Promise((resolve, reject) => {
    table.list(5, null, { method: "post", view }, (error, records) =>
      error ? reject(error) : resolve(records),
    );
  });
  assert.deepEqual(names(posted), numbered(0, 5));

  const seen = [];
  await new Promise((resolve, reject) => {
    table.forEach(
      { view },
      (record) => seen.push(record.get("Name")),
      (error) => (error ? reject(error) : resolve()),
    );
  });
  assert.deepEqual(seen, numbered(0, 120));
});

test("tables are named by id, and by names that need encoding", async () => {
  assert.equal((await served.base(people.id).select().all()).length, 120);
  const strange = "Ünïted / 🚀 50% & more?";
  await served.createTable(strange);
  await served.base(strange).create({ Name: "there" });
  assert.deepEqual(names(await served.base(strange).select().all()), ["there"]);
  assert.deepEqual(names(await served.base.table(strange).select().all()), ["there"]);
});
