// Limits and faults of the service, and how the client takes them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { withServer } from "./served.mjs";

/** The client waits for up to five seconds and more, at random; here for none. */
async function withoutDelay(use) {
  const random = Math.random;
  Math.random = () => 0;
  try {
    return await use();
  } finally {
    Math.random = random;
  }
}

test("a 429 is tried again, for reads and for writes", () =>
  withServer(["--fault", "GET 429@1", "--fault", "POST 429@2"], async (served) => {
    await served.createTable("People");
    await withoutDelay(async () => {
      await served.base("People").create({ Name: "Ada" });
      const [record] = await served.base("People").select().firstPage();
      assert.deepEqual(record.fields, { Name: "Ada" });
      assert.equal((await served.base.makeRequest({ path: "/People" })).statusCode, 200);
    });
    assert.equal((await served.cells("People")).length, 1);
  }));

test("the rate limit of a base is five requests a second", () =>
  withServer(["--rate-limit"], async (served) => {
    const airtable = served.connect({ noRetryIfRateLimited: true });
    const table = airtable.base(served.baseId)("Nothing");
    const calls = Array.from({ length: 8 }, () => table.select().firstPage());
    const statuses = (await Promise.allSettled(calls)).map((call) => call.reason.statusCode);
    assert.equal(statuses.filter((status) => status === 403).length, 5);
    assert.equal(statuses.filter((status) => status === 429).length, 3);
    await assert.rejects(table.select().firstPage(), { error: "TOO_MANY_REQUESTS" });
  }));

test("a used-up quota is a 429, too", () =>
  withServer(["--quota", "1"], async (served) => {
    await served.createTable("People");
    const table = served.connect({ noRetryIfRateLimited: true }).base(served.baseId)("People");
    await table.create({ Name: "Ada" });
    await assert.rejects(table.create({ Name: "Bob" }), {
      error: "TOO_MANY_REQUESTS",
      statusCode: 429,
    });
  }));

/** The first read fails, and the second does not. */
const failsOnce = (fault, refused) =>
  withServer(["--fault", `GET ${fault}@1`], async (served) => {
    await served.createTable("People");
    const query = served.base("People").select();
    await assert.rejects(query.firstPage(), refused);
    assert.deepEqual(await query.firstPage(), []);
  });

test("a fault of the service is told", () =>
  failsOnce("500-before", { error: "SERVER_ERROR", statusCode: 500 }));

test("a page of HTML in place of JSON is told", () =>
  failsOnce("502-before", { error: "UNEXPECTED_ERROR", statusCode: 502 }));

test("a service that is down is told", () =>
  failsOnce("503-before", { error: "SERVICE_UNAVAILABLE", statusCode: 503 }));

/** The reply to a write is lost, and the base holds these names; then the reply to another. */
const losesReply = (fault, names) =>
  withServer(["--fault", `POST ${fault}@2`, "--fault", `PATCH ${fault}@1`], async (served) => {
    await served.createTable("People");
    const table = served.base("People");
    await assert.rejects(table.create({ Name: "Ada" }), { name: "FetchError", code: "ECONNRESET" });
    const records = await table.select().firstPage();
    assert.deepEqual(records.map((record) => record.get("Name")), names);
    const change = { method: "PATCH", path: "/People", body: { records: [] } };
    await assert.rejects(served.base.makeRequest(change), { error: "CONNECTION_ERROR" });
  });

test("a connection that breaks before a write is told", () => losesReply("close-before", []));

test("a connection that breaks after a write is told", () => losesReply("close-after", ["Ada"]));

test("a reply that does not come in time is given up", () =>
  withServer(["--latency", "1.5"], async (served) => {
    await served.createTable("People");
    const hasty = served.connect({ requestTimeout: 300 }).base(served.baseId);
    await assert.rejects(hasty("People").select().firstPage(), { name: "AbortError" });
    await assert.rejects(hasty.makeRequest({ path: "/People" }), { error: "CONNECTION_ERROR" });
    assert.deepEqual(await served.base("People").select().firstPage(), []);
  }));

test("a list that the service has lost is told", () =>
  withServer(["--fault", "iterator-lost@1"], async (served) => {
    await served.createTable("People");
    const table = served.base("People");
    await table.create([{ fields: { Name: "a" } }, { fields: { Name: "b" } }]);
    await assert.rejects(table.select({ pageSize: 1 }).all(), {
      error: "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
      statusCode: 422,
    });
    assert.equal((await table.select({ pageSize: 1 }).all()).length, 2);
  }));
