import type { Availability } from "../../src/core/capabilities.ts";

/** Whether this machine's Python has all modules. */
export async function hasPythonModules(...names: readonly string[]): Promise<Availability> {
  const code = `import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))`;
  try {
    const command = new Deno.Command("/usr/bin/python3", { args: ["-c", code, ...names], stderr: "null" });
    const { success } = await command.output();
    return success ? { available: true } : { available: false, reason: `python3 has no ${names.join(", ")}` };
  } catch {
    return { available: false, reason: "python3 is not installed" };
  }
}
