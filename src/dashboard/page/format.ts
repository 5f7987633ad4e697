/** Numbers as people read them. */

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `640 ms`, `3.2 s`, `2 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** `1,234`, `48.2K`. */
export function count(value: number): string {
  return value < 10_000 ? whole.format(value) : compact.format(value);
}

/** `$0.0123`, `$4.20`; "–" where nobody knows. */
export function dollars(value: number | undefined | null): string {
  if (value === undefined || value === null) return "–";
  return `$${value.toFixed(value > 0 && value < 0.1 ? 4 : 2)}`;
}

/** `14:03:07`. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** `in 3 h 20 min`, `in 2 d 4 h`. */
export function until(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days > 0) return `in ${days} d ${hours} h`;
  return hours > 0 ? `in ${hours} h ${minutes % 60} min` : `in ${minutes} min`;
}

/** `7 requests`, `1 request`. */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}
