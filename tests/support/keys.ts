import { assertEquals } from "@std/assert";
import { runAlone } from "./cli.ts";

/** Makes a key in a home with `keys create`, and returns it. */
export async function createKey(home: string, name: string, ...flags: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runAlone(["keys", "create", name, "--home", home, ...flags]);
  assertEquals([code, stdout.startsWith("cb_")], [0, true], stderr);
  return stdout.trim();
}
