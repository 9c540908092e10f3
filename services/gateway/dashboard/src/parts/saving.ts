// Hand a file to the person, made in the browser.

export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export type Cell = string | number | undefined;
export interface Rows {
  columns: string[];
  rows: Cell[][];
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets a quote before it: programs choose such texts. */
export function csv({ columns, rows }: Rows): string {
  return [columns, ...rows]
    .map((row) => row.map(field).join(","))
    .join("\r\n")
    .concat("\r\n");
}

function field(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
