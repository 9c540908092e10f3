// The order of axes as the URL has it: names, each encoded, between commas; the usual order is no text at all.

export function orderOf(text: string, usual: readonly string[]): readonly string[] {
  return text === "" ? usual : text.split(",").map(decoded);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function writeOrder(order: readonly string[], usual: readonly string[]): string {
  return order.join("\n") === usual.join("\n") ? "" : order.map(encodeURIComponent).join(",");
}

/** The list with one moved by so many places. */
export function moved(order: readonly string[], name: string, by: number): string[] {
  const from = order.indexOf(name);
  const to = Math.min(order.length - 1, Math.max(0, from + by));
  const rest = order.filter((one) => one !== name);
  return [...rest.slice(0, to), name, ...rest.slice(to)];
}
