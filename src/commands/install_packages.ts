import { z } from "zod";
import { CodeBeakerError } from "../core/errors.ts";
import { withTimeout } from "../core/limits.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { defineProgramCommand } from "./command.ts";
import { runProgram } from "./run_program.ts";
import { TIMEOUT_ALIASES, timeoutFields, timeoutOf } from "./timeout.ts";

const MAX_PACKAGES = 64;

/** A program's default is too short to load packages; this one is bounded as every other. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** No option, path, address or second argument: what else a name may be is each runtime's to say. */
const PACKAGE = /^(@[A-Za-z0-9_-][\w.~-]*\/)?[A-Za-z0-9_][\w.~@+^=<>!,[\]-]*$/;

const packageSchema = z.string().max(214 + 128)
  .regex(PACKAGE, "A package is a name, with a version where one is meant: no option, path, address or space");

/** Installs packages for the programs of the environment. */
export const installPackages = defineProgramCommand({
  type: "install_packages",
  aliases: [],
  fieldAliases: TIMEOUT_ALIASES,
  schema: strictObject({
    packages: z.array(packageSchema).min(1).max(MAX_PACKAGES),
    ...timeoutFields,
  }),
  async run(environment, { packages, ...time }, context) {
    if (context.mayInstall !== true) {
      throw new CodeBeakerError(
        "permission_denied",
        "Cannot install packages as the operator's policy, or that of the key, must allow it",
      );
    }
    return await runProgram(environment, { kind: "install", packages: [...new Set(packages)] }, {
      ...context,
      limits: withTimeout(context, timeoutOf(time) ?? DEFAULT_TIMEOUT_MS),
    });
  },
});
