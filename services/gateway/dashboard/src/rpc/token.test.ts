import { Code, ConnectError, type UnaryRequest } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { storage, told } from "./made";

let stored: (event: Partial<StorageEvent>) => void = () => {};

beforeEach(() => {
  vi.stubGlobal("sessionStorage", storage());
  vi.stubGlobal("localStorage", storage());
  vi.stubGlobal("addEventListener", (_: string, listener: typeof stored) => {
    stored = listener;
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const begun = async () => ({ ...(await import("./token")), ...(await import("./signed")) });
const request = () => ({ header: new Headers() }) as UnaryRequest;

test("to sign out leaves no token and no draft, and the theme", async () => {
  localStorage.setItem("tunewright.theme", "dark");
  sessionStorage.setItem("tunewright.new-job", "name: secret");
  const { keepToken, signOut, token } = await begun();
  keepToken("t", true);
  signOut();
  expect([token.value, Object.keys(sessionStorage), Object.keys(localStorage)]).toEqual([
    "",
    [],
    ["tunewright.theme"],
  ]);
});

test("who signs out of this computer is signed out of its other tabs", async () => {
  localStorage.setItem("tunewright.token", "t");
  const { token } = await begun();
  stored({ storageArea: localStorage, key: "tunewright.theme", oldValue: "dark", newValue: null });
  expect(token.value).toBe("t");
  stored({ storageArea: localStorage, key: "tunewright.token", oldValue: "t", newValue: null });
  expect(token.value).toBe("");
});

test("a token that the server refuses is forgotten", async () => {
  const { keepToken, signed, token } = await begun();
  keepToken("t", true);
  await expect(
    signed(() => Promise.reject(told(Code.Unauthenticated, "UNAUTHENTICATED")))(request()),
  ).rejects.toThrow();
  expect([token.value, localStorage.getItem("tunewright.token")]).toEqual(["", null]);
});

test("a token that a proxy knows nothing of stays", async () => {
  const { keepToken, signed, token } = await begun();
  keepToken("t", false);
  await expect(
    signed(() => Promise.reject(new ConnectError("401", Code.Unauthenticated)))(request()),
  ).rejects.toThrow();
  expect(token.value).toBe("t");
});

test("a token that was given meanwhile stays", async () => {
  const { keepToken, signed, token } = await begun();
  keepToken("old", true);
  const refused = signed(() => {
    keepToken("new", true);
    return Promise.reject(told(Code.Unauthenticated, "UNAUTHENTICATED"));
  })(request());
  await expect(refused).rejects.toThrow();
  expect([token.value, localStorage.getItem("tunewright.token")]).toEqual(["new", "new"]);
});
