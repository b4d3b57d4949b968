import { z } from "zod";
import type { Setting } from "../../core/settings.ts";

/** The setting of the binary that runs the service and programs. The runtimes that start the binary share it. */
export const SERVICE_BINARY = {
  schema: z.string().min(1),
  default: undefined, // The running binary: to ask for its path takes a permission that a host may not grant.
  shown: "the running one",
  help: "the deno that runs programs",
} as const satisfies Setting;
