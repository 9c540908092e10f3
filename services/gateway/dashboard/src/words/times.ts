import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Milliseconds since 1970. */
export function millis(at: Timestamp): number {
  return Number(at.seconds) * 1000 + at.nanos / 1e6;
}

/** "850 ms", "12.3 s", "4 m 05 s", "3 h 20 m", "2 d 4 h". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} m ${pad(Math.floor(s % 60))} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const pad = (value: number): string => String(value).padStart(2, "0");

/** "just now", "5 m ago", "yesterday 14:03", "2026-11-03 14:03". */
export function ago(ms: number, now: number = Date.now()): string {
  const passed = now - ms;
  if (passed < 10_000) return "just now";
  if (passed < 3_600_000) return `${duration(passed).replace(/ \d\d s$/, "")} ago`;
  if (passed < 24 * 3_600_000) return `${Math.floor(passed / 3_600_000)} h ago`;
  return moment(ms);
}

/** Local time to the minute. */
export function moment(ms: number): string {
  const at = new Date(ms);
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}
