import { useRef } from "preact/hooks";
import { type Asked, useAsked } from "../../rpc/asking";
import { faultOf, lasts, wasLeft } from "../../rpc/fault";
import { type Answer, answers, type Question, type Told } from "./answers";

/** Ask again for all that may change, every few seconds. The names stay the same as long as the component does. */
export function useAnswers<T>(names: readonly string[], question: Question<T>): Asked<readonly Answer<T>[]> {
  const before = useRef<readonly Answer<T>[]>([]);
  const latest = useRef(question);
  latest.current = question;
  return useAsked(async (signal) => {
    before.current = await answers(names, before.current, latest.current, told, signal);
    return before.current;
  });
}

const told: Told = (error) => {
  if (wasLeft(error)) return undefined;
  const fault = faultOf(error);
  return lasts(fault) ? fault : undefined;
};
