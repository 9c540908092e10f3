import { expect, test } from "vitest";
import { brief, LONG, marked, plain } from "./plain";

test.each([
  ["\u001b[1;31mred\u001b[0m and \u001b[38;5;12mblue\u001b[m", "red and blue"],
  ["\u001b[2K\u001b[1Aup", "up"],
  ["\u001b]0;a title\u0007text", "text"],
  ["\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link"],
  ["\u001b(Bplain\u001b=", "plain"],
  ["a\u0000b\u0007c\u007f", "a␀b␇c␡"],
  ["90%\r100%", "90%␍100%"],
  ["tab\tstays", "tab\tstays"],
  ["half \u001b", "half ␛"],
  ["abc\u202edef", "abc<U+202E>def"],
  ['<img src=x onerror="alert(1)">', '<img src=x onerror="alert(1)">'],
  ["no [31m escape", "no [31m escape"],
])("%j is shown as %j", (text, shown) => expect(plain(text)).toBe(shown));

test("a very long line is shown in part", () => {
  const { text, hidden } = brief("x".repeat(65_536));
  expect([text.length, hidden]).toEqual([LONG, 65_536 - LONG]);
});

test("what is sought stands at odd places", () => {
  expect(marked("an error, an error", "error")).toEqual(["an ", "error", ", an ", "error", ""]);
  expect(marked("text", "")).toEqual(["text"]);
});
