import { z } from "zod";
import { runtimeReadinessSchema } from "./runtime.ts";

/** The answer of `GET /health/live`. */
export const livenessSchema = z.strictObject({ status: z.literal("live"), version: z.string() }).meta({
  id: "Liveness",
  description: "The service answers",
});

/** A fault of the service beside its runtimes. */
export const serviceFaultSchema = z.strictObject({ name: z.string(), reason: z.string(), remedy: z.string() }).meta({
  id: "ServiceFault",
  description: "A fault of the service beside its runtimes, and how to mend it",
});

/** The answer of `GET /health/ready`. */
export const readinessSchema = z.strictObject({
  status: z.enum(["ready", "not_ready"]),
  runtimes: z.array(runtimeReadinessSchema),
  faults: z.array(serviceFaultSchema).exactOptional().describe(
    "Faults that keep the service from its promises, such as a full disk; left out where there are none",
  ),
}).meta({ id: "Readiness", description: "Whether the service accepts requests and a runtime is available" });

/** The answer of `GET /`. */
export const serviceIndexSchema = z.strictObject({ name: z.string(), version: z.string() }).catchall(z.string()).meta({
  id: "ServiceIndex",
  description: "The name and version of the service, and its first paths",
});
