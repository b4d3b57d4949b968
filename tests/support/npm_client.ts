import { assertEquals } from "@std/assert";
import { withoutProjectVariables } from "./variables.ts";

/** Options of a program that uses packages of npm. */
export interface NpmClientOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Modules of the project that the program imports, by the name that it gives them. */
  readonly imports?: Readonly<Record<string, string>>;
}

/**
 * Runs a module that imports packages of npm, unmodified, in a process of its own. Returns the JSON that it prints.
 *
 * @throws {AssertionError} when the module fails
 */
// deno-lint-ignore no-explicit-any
export async function runNpmClient(source: string, { env = {}, imports = {} }: NpmClientOptions = {}): Promise<any> {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/client.mjs`;
    await Deno.writeTextFile(path, source);
    await Deno.writeTextFile(`${directory}/deno.json`, JSON.stringify({ imports, lock: false }));
    const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", "--no-check", path],
      cwd: directory,
      clearEnv: true,
      env: { ...withoutProjectVariables(), DENO_TLS_CA_STORE: "mozilla,system", NO_COLOR: "1", ...env },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals(code, 0, decoder.decode(stderr));
    return JSON.parse(decoder.decode(stdout));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
