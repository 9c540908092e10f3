// The token that its owner has typed in. It goes into a header, never into a URL or a cookie: cookies are shared between
// all servers of a host, whatever their port.

import { signal } from "@preact/signals";

const OURS = "tunewright.";
const KEY = `${OURS}token`;

const kept = (): string => sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "";

export const token = signal(kept());

/** Keep the token for this tab, or for this computer. */
export function keepToken(given: string, staySignedIn: boolean): void {
  (staySignedIn ? localStorage : sessionStorage).setItem(KEY, given);
  token.value = given;
}

/** A token is good no more. Another one, given since in this tab or in another one, stays. */
export function forgetToken(refused: string): void {
  for (const place of [sessionStorage, localStorage])
    if (place.getItem(KEY) === refused) place.removeItem(KEY);
  if (token.peek() === refused) token.value = kept();
}

/** Leave nothing for whoever sits here next: no token, and no draft. The theme stays, which is the computer's. */
export function signOut(): void {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(OURS)) sessionStorage.removeItem(name);
  localStorage.removeItem(KEY);
  token.value = "";
}

// Who signs out of this computer in one tab is signed out of all of them.
addEventListener("storage", ({ key, newValue, oldValue, storageArea }) => {
  if (storageArea !== localStorage || (key !== KEY && key !== null) || newValue !== null) return;
  if (key === null || oldValue === token.peek()) signOut();
});
