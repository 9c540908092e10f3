import type { Fault } from "../rpc/fault";

/** What a person has typed cannot be sent: told like a refusal of the server's. */
export class Wrong extends Error {
  constructor(
    readonly field: string,
    why: string,
    remedy: string,
  ) {
    super(`${field}: ${why}. ${remedy}`);
  }

  get fault(): Fault {
    return { reason: "INVALID_SPEC", text: this.message, field: this.field };
  }
}
