import { z } from "zod";
import { httpUrl } from "../../core/parsing/written_schemas.ts";
import { type Setting, settingsOfPart } from "../../core/settings.ts";
import type { RuntimeHost } from "../port.ts";

/** The setting of npm's registry, which the runtimes that install from it share. */
export const NPM_REGISTRY = {
  schema: httpUrl.transform((url) => url.replace(/\/*$/, "/")),
  default: "https://registry.npmjs.org/",
  shown: "npm's own",
  help: "registry that packages of npm are installed from",
} as const satisfies Setting;

/** The settings of a runtime that has the name of its binary. The binary can be installed from npm. */
export function settingsFor(name: string) {
  return {
    [`${name}Binary`]: {
      schema: z.string().min(1),
      default: undefined,
      shown: "the installed one, else that on the search path",
      help: `the ${name} that runs programs`,
    },
    npmRegistry: NPM_REGISTRY,
  };
}

/** The settings of one runtime on a host. */
export interface ReleasedSettings {
  /** The name of the setting of the binary. */
  readonly setting: string;
  /** The named binary. Undefined, the installed one runs programs, else that on the search path. */
  readonly binary: string | undefined;
  /** How to get a binary that will do. */
  readonly remedy: string;
  readonly npmRegistry: string;
}

/** The settings that a host has for such a runtime. */
export function settingsOf(name: string, { settings }: Pick<RuntimeHost, "settings">): ReleasedSettings {
  const setting = `${name}Binary`;
  const { [setting]: binary, npmRegistry } = settingsOfPart(settingsFor(name), { name, settings });
  const install = `codebeaker runtimes install ${name}`;
  const remedy = binary === undefined
    ? `run ${install}, or name its binary (--${name}-binary)`
    : `name another binary (--${name}-binary), or none to run that of ${install}`;
  return { setting, binary, remedy, npmRegistry };
}
