// What the form says, in a specification of which it does not know all: of AMT's body, or of JSON.

import { clone } from "@bufbuild/protobuf";
import { type TuningJobSpec, TuningJobSpecSchema } from "../../generated/tunewright/v1/spec_pb";

/** `base` with everything that the form shows taken from `said`, the specification of the form's own members. */
export function merged(base: TuningJobSpec, said: TuningJobSpec): TuningJobSpec {
  const spec = clone(TuningJobSpecSchema, base);
  const { name, limits, strategy, hyperband, completion, earlyStopping, warmStart, tags, pricesPerSecond } =
    said;
  Object.assign(spec, { name, limits, strategy, hyperband, completion, earlyStopping, warmStart, tags });
  Object.assign(spec, { pricesPerSecond, objective: said.objective });
  const [definition] = spec.definitions;
  const [from] = said.definitions;
  if (!definition || !from) return spec;
  const { image, environment, parameters, staticHyperparameters, metricDefinitions } = from;
  Object.assign(definition, { image, environment, parameters, staticHyperparameters, metricDefinitions });
  if (definition.objective && said.objective) definition.objective = said.objective;
  if (definition.resources && from.resources) {
    const { instanceType, instanceCount, gpusShared } = from.resources;
    Object.assign(definition.resources, { instanceType, instanceCount, gpusShared });
  }
  if (definition.stopping && from.stopping)
    Object.assign(definition.stopping, { maxRuntimeS: from.stopping.maxRuntimeS });
  return spec;
}
