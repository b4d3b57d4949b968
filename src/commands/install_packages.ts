import { z } from "zod";
import { CodeBeakerError } from "../core/errors.ts";
import { withTimeout } from "../core/limits.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { defineProgramCommand } from "./command.ts";
import { runProgram } from "./run_program.ts";
import { programFields, TIMEOUT_ALIASES, timeoutOf } from "./program_fields.ts";

const MAX_PACKAGES = 64;

/** Replaces the default time of a program, which is too short to download packages. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** Excludes options, paths, addresses and second arguments; each runtime checks the rest. */
const PACKAGE = /^(@[A-Za-z0-9_-][\w.~-]*\/)?[A-Za-z0-9_][\w.~@+^=<>!,[\]-]*$/;

const packageSchema = z.string().max(214 + 128)
  .regex(PACKAGE, "A package is a name with an optional version: no option, path, address or space");

/** Installs packages for the programs of the environment. */
export const installPackages = defineProgramCommand({
  type: "install_packages",
  aliases: [],
  fieldAliases: TIMEOUT_ALIASES,
  schema: strictObject({
    packages: z.array(packageSchema).min(1).max(MAX_PACKAGES).describe("Names, each with an optional version"),
    ...programFields,
  }),
  async run(environment, { packages, ...time }, context) {
    if (context.mayInstall !== true) {
      throw new CodeBeakerError(
        "permission_denied",
        "Cannot install packages as the operator's policy (--allow-install) or the key's ceiling (allowNet) does not allow it",
      );
    }
    return await runProgram(environment, { kind: "install", packages: [...new Set(packages)] }, {
      ...context,
      limits: withTimeout(context, timeoutOf(time) ?? DEFAULT_TIMEOUT_MS),
    });
  },
});
