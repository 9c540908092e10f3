// What people type, read. Each throws Wrong with what to write instead.

import { Wrong } from "../../../parts/wrong";

export function wholeNumber(text: string, field: string): number {
  const value = Number(text.trim());
  if (text.trim() === "" || !Number.isSafeInteger(value))
    throw new Wrong(field, `"${text}" is no whole number`, "Write digits, such as 30");
  return value;
}

/** An end of a range of integers, or a value in it: all digits count, also beyond 2^53. */
export function integer(text: string, field: string): bigint {
  if (!/^[-+]?\d+$/.test(text.trim()))
    throw new Wrong(field, `"${text}" is no whole number`, "Write digits, such as 30");
  const value = BigInt(text.trim());
  if (BigInt.asIntN(64, value) !== value)
    throw new Wrong(field, `${text} is out of reach`, "Write one from -2^63 to 2^63 - 1");
  return value;
}

export function decimal(text: string, field: string): number {
  const value = Number(text.trim());
  if (text.trim() === "" || !Number.isFinite(value))
    throw new Wrong(field, `"${text}" is no number`, "Write one such as 0.01 or 1e-5");
  return value;
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** 90, "90s", "5m", "2h" or "1d", in seconds. */
export function seconds(text: string, field: string): number {
  const [, count, unit] = /^(\d+)\s*([smhd]?)$/.exec(text.trim()) ?? [];
  if (count === undefined) throw new Wrong(field, `"${text}" is no duration`, "Write 90s, 5m, 2h or 1d");
  return Number(count) * UNITS[(unit || "s") as keyof typeof UNITS];
}

/** The same as people write it: 7200 is "2h". */
export function durationText(seconds: number): string {
  const [unit, factor] = Object.entries(UNITS).findLast(([, factor]) => seconds % factor === 0) ?? ["s", 1];
  return `${seconds / factor}${unit}`;
}
