// A line that a program has printed, as text that does nothing.

// ECMA-48: control sequences (colours among them), operating system commands, and two-character escapes.
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u001b][[][0-?]*[ -/]*[@-~]|[\u009b][0-?]*[ -/]*[@-~]|[\u001b]][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[\u001b][ -/]*[0-Z\\^-~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f]/g;
/** They turn the order of what stands around them: a line could be made to say what it does not. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = "\u2421";
const DELETE = 0x7f;

/** More of a line is shown only where it is asked for. */
export const LONG = 2000;

/** Colours and cursor movements left out, other control characters as their pictures. */
export function plain(text: string): string {
  return text
    .replace(ESCAPES, "")
    .replace(CONTROLS, (letter) => {
      const code = letter.charCodeAt(0);
      return code === DELETE ? PICTURE_OF_DELETE : String.fromCharCode(PICTURES + code);
    })
    .replace(TURNING, (letter) => `<U+${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

export interface Brief {
  text: string;
  /** So many characters of the line are not shown. */
  hidden: number;
}

export function brief(text: string): Brief {
  return { text: plain(text.slice(0, LONG)), hidden: Math.max(0, text.length - LONG) };
}

/** Pieces of a line: those at odd places are what is sought. */
export function marked(text: string, sought: string): string[] {
  if (!sought) return [text];
  const pieces = text.split(sought);
  return pieces.flatMap((piece, at) => (at === 0 ? [piece] : [sought, piece]));
}
