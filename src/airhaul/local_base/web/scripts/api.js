// The two APIs of the server: Airtable's, as any client uses it, and the console's own endpoints.

const KEPT = "airhaul.token";
let token = sessionStorage.getItem(KEPT) ?? "console";

/** An error answer, with the server's message. */
export class ApiError extends Error {
  constructor(status, type, message) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** Set the token that this page sends from now on; it is kept in this tab only. */
export function useToken(text) {
  token = text;
  sessionStorage.setItem(KEPT, text);
}

/** Get JSON from Airtable's API: `airtable("/v0/meta/bases", [["pageSize", 100]])`. */
export async function airtable(path, query = []) {
  const asked = query.length ? `${path}?${new URLSearchParams(query)}` : path;
  return read(asked, { headers: { Authorization: `Bearer ${token}` } });
}

/** Get the server's state for the console; waits for news if the known state is given. */
export function state({ after = 0, revision = "", wait = 0, signal } = {}) {
  const query = new URLSearchParams({ after, revision, wait_s: wait });
  return read(`/_console/state?${query}`, { signal });
}

export function wholeRequest(number) {
  return read(`/_console/requests/${number}`);
}

export function changeSettings(changes) {
  return send("PATCH", "/_console/settings", changes);
}

export function clearRequests() {
  return send("POST", "/_console/clear", {});
}

function send(method, path, body) {
  return read(path, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}

async function read(path, options) {
  let answer;
  let text;
  try {
    answer = await fetch(path, { cache: "no-store", ...options });
    text = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "NO_REPLY", "The connection broke before the reply arrived.");
  }
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ApiError(answer.status, "NOT_JSON", "The reply is not JSON.");
  }
  if (answer.ok) return json;
  const { error } = json;
  // Airtable's errors are an object or a word; those of the console are a sentence.
  if (typeof error === "object") throw new ApiError(answer.status, error.type, error.message ?? error.type);
  throw new ApiError(answer.status, String(error), String(error));
}
