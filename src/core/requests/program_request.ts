import { z } from "zod";
import { environmentSchema } from "../permissions/environment_variables.ts";
import { parseWorkspacePath } from "../workspace_path.ts";
import { argumentsSchema, codeEncodingSchema, decodeCode, explainSchema } from "./content.ts";
import { outputsSchema, parseOutputs } from "./outputs.ts";
import { filesSchema, parseFiles, type RequestFile } from "./request_files.ts";
import { testFields, type TestRequest, toTestRequest } from "./tests.ts";

/** The part of a request that brings a program. */
export interface ProgramRequest extends TestRequest {
  /** The content of the language's main file. */
  readonly code?: Uint8Array<ArrayBuffer>;
  readonly files: readonly RequestFile[];
  /** The file to run. Default: the only file, or the main file. */
  readonly entrypoint?: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** The program's variables; in a session, in addition to the session's. */
  readonly env: Readonly<Record<string, string>>;
  /** Globs of the workspace's files to return with the answer. */
  readonly outputs: readonly string[];
  /** Whether the answer explains the choice of the runtime. */
  readonly explain: boolean;
}

/** The fields of every request that brings a program. */
export const programFields = {
  code: z.string().optional().describe("The content of the language's main file, as main.py"),
  encoding: codeEncodingSchema,
  files: filesSchema,
  entrypoint: z.string().min(1).optional().describe("The file to run; absent, the only file, or the main file"),
  args: argumentsSchema,
  stdin: z.string().optional().describe(
    "Absent, a client that does not wait for a plain answer can feed it, and any other program has none",
  ),
  env: environmentSchema.default({}).describe("Variables of the program"),
  outputs: outputsSchema,
  ...testFields,
  explain: explainSchema,
};

/**
 * Takes the program out of a request.
 *
 * @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit; `permission_denied` for a path that
 *   leaves the workspace
 */
export function toProgramRequest(wire: z.output<z.ZodObject<typeof programFields>>): ProgramRequest {
  const code = decodeCode(wire);
  return {
    ...(code === undefined ? {} : { code }),
    files: parseFiles(wire.files),
    ...(wire.entrypoint === undefined ? {} : { entrypoint: parseWorkspacePath(wire.entrypoint, "entrypoint") }),
    args: wire.args,
    ...(wire.stdin === undefined ? {} : { stdin: wire.stdin }),
    env: wire.env,
    outputs: parseOutputs(wire.outputs),
    ...toTestRequest(wire),
    explain: wire.explain,
  };
}
