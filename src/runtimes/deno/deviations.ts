import type { RuntimeHost } from "../port.ts";

/** Where this runtime does not do what the conformance suite asks, by the name of the check, and why. */
export function deviations({ confinement }: RuntimeHost): Readonly<Record<string, string>> {
  if (confinement.hidesFiles) return {};
  return {
    "the program is the main module":
      "a main module's static imports read any file of the host where no layer of the operating system forbids it, so the program is imported by a boot module and import.meta.main is false",
  };
}
