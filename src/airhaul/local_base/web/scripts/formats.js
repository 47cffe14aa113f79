// Numbers, dates and durations in the form that their fields' options set, and requests as text.

/** A number with a fixed number of decimals. */
export function number(value, precision) {
  if (precision == null) return new Intl.NumberFormat("en-US", { maximumFractionDigits: 8 }).format(value);
  return new Intl.NumberFormat("en-US", {
    minimumFractionDigits: precision,
    maximumFractionDigits: precision,
  }).format(value);
}

export function percent(value, precision) {
  return `${number(value * 100, precision ?? 0)}%`;
}

export function currency(value, { symbol = "", precision } = {}) {
  return `${value < 0 ? "−" : ""}${symbol}${number(Math.abs(value), precision)}`;
}

/** Seconds as `h:mm`, `h:mm:ss` or with up to three decimals of a second. */
export function duration(value, format = "h:mm") {
  const decimals = format.split(".")[1]?.length ?? 0;
  const unit = format === "h:mm" ? 60 : 10 ** -decimals;
  const rounded = Math.round(Math.abs(value) / unit) * unit;
  const hours = Math.floor(rounded / 3600 + 1e-9);
  const minutes = Math.floor((rounded - hours * 3600) / 60 + 1e-9);
  const seconds = Math.max(0, rounded - hours * 3600 - minutes * 60);
  let text = `${value < 0 ? "−" : ""}${hours}:${String(minutes).padStart(2, "0")}`;
  if (format !== "h:mm") text += `:${seconds.toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0")}`;
  return text;
}

/** A `YYYY-MM-DD` date in the field's format. */
export function date(value, options = {}) {
  const at = new Date(`${value}T00:00:00Z`);
  return Number.isNaN(at.getTime()) ? String(value) : dayOf(at, options, "UTC");
}

/** A UTC time in the field's format and zone. */
export function dateTime(value, options = {}) {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return String(value);
  const zone = zoneOf(options.timeZone);
  const hour12 = (options.timeFormat?.name ?? "24hour") === "12hour";
  const style = { timeZone: zone, hour: hour12 ? "numeric" : "2-digit", minute: "2-digit", hour12 };
  if (!hour12) style.hourCycle = "h23";
  const clock = new Intl.DateTimeFormat("en-US", style).format(at);
  return `${dayOf(at, options, zone)} ${hour12 ? clock.replace(/\s/u, "").toLowerCase() : clock}`;
}

function zoneOf(name) {
  if (!name || name === "client") return undefined;
  if (name === "utc") return "UTC";
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
  } catch {
    return "UTC"; // the browser does not know the zone
  }
  return name;
}

function dayOf(at, options, timeZone) {
  const name = options.dateFormat?.name ?? "iso";
  if (name === "local") return new Intl.DateTimeFormat(undefined, { timeZone }).format(at);
  if (name === "friendly") return new Intl.DateTimeFormat("en-US", { timeZone, dateStyle: "long" }).format(at);
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, year: "numeric", month: "numeric", day: "numeric" });
  const part = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
  if (name === "us") return `${part.month}/${part.day}/${part.year}`;
  if (name === "european") return `${part.day}/${part.month}/${part.year}`;
  return `${part.year.padStart(4, "0")}-${part.month.padStart(2, "0")}-${part.day.padStart(2, "0")}`;
}

/** A size in bytes, rounded to kB or MB. */
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  return value < 1_000_000 ? `${number(value / 1000, 0)} kB` : `${number(value / 1_000_000, 1)} MB`;
}

/** Seconds as milliseconds, with a decimal below 10 ms. */
export function milliseconds(seconds) {
  const value = seconds * 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** The kind of an HTTP status: `ok`, `wrong`, `failed` or `none`. */
export function statusKind(status) {
  if (status === 0) return "none";
  if (status >= 500) return "failed";
  return status >= 400 ? "wrong" : "ok";
}

/** A path with its percent-encoding decoded; unchanged if it is not valid UTF-8. */
export function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
