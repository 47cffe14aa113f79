// News of the server by long polling: one request at a time.

import { state } from "./api.js";

const WAIT_S = 20;
const PAUSE_MS = 250; // between two requests, however much is new
const RETRY_MS = 1500;

/**
 * Report news from now on; no requests are sent while the page is hidden.
 *
 * @param onNews Called with each state of the server.
 * @param onLive Called with whether the server answers.
 */
export async function watch(onNews, onLive) {
  let after = 0;
  let revision = "";
  for (;;) {
    await untilShown();
    try {
      const news = await state({ after, revision, wait: revision ? WAIT_S : 0 });
      // A restarted server counts from the beginning.
      const isOther = news.last < after;
      ({ last: after, revision } = isOther ? { last: 0, revision: "" } : news);
      onLive(true);
      if (!isOther) onNews(news);
      await sleep(PAUSE_MS);
    } catch {
      onLive(false);
      await sleep(RETRY_MS);
    }
  }
}

function untilShown() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((shown) => document.addEventListener("visibilitychange", shown, { once: true }));
}

function sleep(milliseconds) {
  return new Promise((over) => setTimeout(over, milliseconds));
}
