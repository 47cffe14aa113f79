// News of the server: one question that waits for its answer, and then the next.

import { state } from "./api.js";

const WAIT_S = 20;
const PAUSE_MS = 250; // between two answers, however much there is to tell
const RETRY_MS = 1500;

/**
 * Tell every piece of news, from now on; nothing is asked while the page is hidden.
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
      // A server that was started anew counts from the beginning.
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
