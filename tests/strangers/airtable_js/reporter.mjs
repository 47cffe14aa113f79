// Tells the outcome of each test as a line of JSON.

export default async function* (events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const cause = data.details?.error?.cause ?? data.details?.error;
    const error = type === "test:fail" ? (cause?.stack ?? JSON.stringify(cause)) : null;
    yield `${JSON.stringify({ name: data.name, error })}\n`;
  }
}
