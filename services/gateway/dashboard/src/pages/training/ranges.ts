// Where a value lies in its range.

import { type Parameter, ScalingType } from "../../generated/tunewright/v1/spec_pb";

const AUTO_IS_LOG_FROM = 100; // spec.proto, SCALING_TYPE_AUTO

/** 0: at the lower end, 1: at the upper one, on the scale in force; undefined: it has no place there. */
export function shareIn({ range }: Parameter, value: number | string | undefined): number | undefined {
  if (range.case === "choiceRange" || range.case === undefined || typeof value !== "number") return undefined;
  const [low, high] = [Number(range.value.low), Number(range.value.high)];
  if (low === high) return undefined;
  const scale = SCALES[inForce(range.value.scaling, low, high)];
  const share = (scale(value) - scale(low)) / (scale(high) - scale(low));
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : undefined;
}

type InForce = ScalingType.LINEAR | ScalingType.LOGARITHMIC | ScalingType.REVERSE_LOGARITHMIC;

const SCALES: Record<InForce, (value: number) => number> = {
  [ScalingType.LINEAR]: (value) => value,
  [ScalingType.LOGARITHMIC]: Math.log,
  [ScalingType.REVERSE_LOGARITHMIC]: (value) => -Math.log1p(-value),
};

function inForce(scaling: ScalingType, low: number, high: number): InForce {
  if (scaling === ScalingType.LINEAR || scaling === ScalingType.LOGARITHMIC) return scaling;
  if (scaling === ScalingType.REVERSE_LOGARITHMIC) return scaling;
  return low > 0 && high / low >= AUTO_IS_LOG_FROM ? ScalingType.LOGARITHMIC : ScalingType.LINEAR;
}
