// The server's own gRPC services, as every other client has them.

import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ExplanationService } from "../generated/tunewright/v1/explanation_service_pb";
import { MetricsService } from "../generated/tunewright/v1/metrics_service_pb";
import { OperationsService } from "../generated/tunewright/v1/operations_service_pb";
import { TuningService } from "../generated/tunewright/v1/tuning_service_pb";
import { signed } from "./signed";

const transport = createConnectTransport({
  baseUrl: `${location.origin}/rpc`,
  useBinaryFormat: true,
  interceptors: [signed],
});

export const tuning: Client<typeof TuningService> = createClient(TuningService, transport);
export const metrics: Client<typeof MetricsService> = createClient(MetricsService, transport);
export const operations: Client<typeof OperationsService> = createClient(OperationsService, transport);
export const explanations: Client<typeof ExplanationService> = createClient(ExplanationService, transport);
