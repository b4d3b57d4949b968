import { httpUrl } from "../../core/parsing/written_schemas.ts";
import type { Setting } from "../../core/settings.ts";

/** The setting of npm's registry, which the runtimes that install from it share. */
export const NPM_REGISTRY = {
  schema: httpUrl.transform((url) => url.replace(/\/*$/, "/")),
  default: "https://registry.npmjs.org/",
  shown: "npm's own",
  help: "registry that packages of npm are installed from",
} as const satisfies Setting;
