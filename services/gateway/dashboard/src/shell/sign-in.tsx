import { useState } from "preact/hooks";
import { tuning } from "../rpc/clients";
import { faultOf, refusesToken } from "../rpc/fault";
import { keepToken } from "../rpc/token";

/** Asks for the installation's token, and tries it before it is kept. */
export function SignIn() {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);

  async function tryIt(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const given = String(form.get("token")).trim();
    setBusy(true);
    setFault("");
    try {
      await tuning.listTuningJobs({ pageSize: 1 }, { headers: { authorization: `Bearer ${given}` } });
      keepToken(given, form.get("stay") !== null);
    } catch (error) {
      setFault(refusesToken(error) ? "This token is not the one of this installation." : faultOf(error).text);
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="sign-in" id="page">
      <form class="card" onSubmit={tryIt}>
        <h1>
          <img src="/favicon.svg" alt="" width="28" height="28" /> Tunewright
        </h1>
        <label>
          Token
          <input
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            aria-describedby="where"
          />
        </label>
        <p id="where" class="hint">
          It stands as <code>tunewright_token</code> in the installation's file of credentials. A server that
          was started by <code>tunewright local</code> has said where that is.
        </p>
        <label class="tick">
          <input name="stay" type="checkbox" /> Stay signed in on this computer
        </label>
        {fault && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <button type="submit" class="main" disabled={busy}>
          {busy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
