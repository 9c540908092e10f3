// Each call carries the token, and a token that the server refuses is kept no longer.

import type { Interceptor } from "@connectrpc/connect";
import { refusesToken } from "./fault";
import { forgetToken, token } from "./token";

export const signed: Interceptor = (next) => async (request) => {
  if (request.header.has("authorization")) return next(request); // who signs in tries a token of his own
  const given = token.peek();
  request.header.set("authorization", `Bearer ${given}`);
  try {
    const response = await next(request);
    return response.stream ? { ...response, message: watched(response.message, given) } : response;
  } catch (error) {
    throw heard(error, given);
  }
};

/** A stream is refused where its first message would be. */
async function* watched<T>(messages: AsyncIterable<T>, given: string): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw heard(error, given);
  }
}

function heard(error: unknown, given: string): unknown {
  if (refusesToken(error)) forgetToken(given);
  return error;
}
