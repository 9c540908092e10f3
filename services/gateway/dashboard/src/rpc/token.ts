// The token that its owner has typed in. It goes into a header, never into a URL or a cookie: cookies are shared between
// all servers of a host, whatever their port.

import { signal } from "@preact/signals";

const KEY = "tunewright.token";

export const token = signal(sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "");

/** Keep the token for this tab, or for this computer. */
export function keepToken(given: string, staySignedIn: boolean): void {
  (staySignedIn ? localStorage : sessionStorage).setItem(KEY, given);
  token.value = given;
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
  token.value = "";
}
