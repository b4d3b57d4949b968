import type { ZodOpenApiPathsObject } from "zod-openapi";
import { contextPaths } from "./contexts.ts";
import { executionPaths } from "./executions.ts";
import { filePaths } from "./files.ts";
import { legacyPaths } from "./legacy.ts";
import { runtimePaths } from "./runtimes.ts";
import { servicePaths } from "./service.ts";
import { sessionPaths } from "./sessions.ts";

/** Every path of the service's own interface. Doors of other protocols are described by these. */
export const PATHS: ZodOpenApiPathsObject = {
  ...executionPaths,
  ...sessionPaths,
  ...contextPaths,
  ...filePaths,
  ...runtimePaths,
  ...servicePaths,
  ...legacyPaths,
};
