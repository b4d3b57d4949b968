import type { Surface } from "../../core/needs.ts";

/** The modules that a probe's output lists after that of the honest program; undefined where it lists none. */
export function readModules(output: string): Surface | undefined {
  const [, coverage, ...lines] = output.split("\n");
  if (coverage !== "all" && coverage !== "some") return undefined;
  const names = new Set(lines.filter((line) => line !== ""));
  const otherwise = coverage === "all" ? false : undefined;
  return {
    isWhole: true,
    mayGrow: true,
    remedy: "install the module for all programs of this machine, or send it with the files of the request",
    has: ({ kind, name }) => kind !== "module" ? undefined : names.has(name) ? true : otherwise,
  };
}
