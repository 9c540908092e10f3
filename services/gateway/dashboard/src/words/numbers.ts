/** As people write it: six significant digits, no trailing zeros, an exponent only where it helps. */
export function number(value: number | undefined): string {
  if (value === undefined) return "";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "∞" : "-∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return trimmed(value.toExponential(4));
  return String(Number(value.toPrecision(6)));
}

function trimmed(text: string): string {
  return text.replace(/\.?0+e/, "e").replace("e+", "e");
}

/** A number of things: "1 training", "3 trainings". */
export function several(count: number, thing: string): string {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}
