import { installPackages as install } from "../../../commands/mod.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { executionOutput } from "../results/execution_result.ts";
import { runProgramCommand } from "./program_command.ts";
import { sessionFields } from "./session_fields.ts";
import { defineTool } from "./tool.ts";

const { packages, timeoutMs } = install.schema.shape;

const NAME = "install_packages";

/** Installs packages for the programs of a session. */
export const installPackages = defineTool({
  name: NAME,
  title: "Install packages",
  description:
    "Installs packages for the programs of a session: from npm for JavaScript and TypeScript, from PyPI for Python. The network is open for this alone, and only where the operator allows it.",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  output: executionOutput,
  schema: strictObject({
    packages: packages.describe("Names with an optional version, such as left-pad@1.3.0"),
    timeoutMs: timeoutMs.describe("Deadline, 60000 by default"),
    ...sessionFields,
  }),
  run: (fields, call) => runProgramCommand({ tool: NAME, type: "install_packages", fields }, call),
});
