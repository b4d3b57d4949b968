/** Settings without Docker, so that a test sees the same on every machine. */
export const WITHOUT_DOCKER = { CODEBEAKER_DOCKER_HOST: "unix:///var/run/no-docker.sock" };

/** On a machine without any language but those of Deno: each other one that is found is asked for its version at every start. */
export const DENO_ALONE = { PATH: "/nowhere" };

/** On a machine without any runtime: no self-test delays a command. */
export const NOTHING_RUNS = { ...DENO_ALONE, CODEBEAKER_DENO_BINARY: "/nowhere/deno" };

/** The home of commands that this process starts one after the other. */
const HOME = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(HOME, { recursive: true }));

/** Settings for a child of this process: none of the tests' own, and no Docker. */
export const CHILD_SETTINGS = { ...WITHOUT_DOCKER, CODEBEAKER_HOME: HOME };

/** This process's variables for a child, with {@link CHILD_SETTINGS} in place of those of the project. */
export function withoutProjectVariables(): Record<string, string> {
  const others = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("CODEBEAKER_"));
  return { ...Object.fromEntries(others), ...CHILD_SETTINGS };
}

/** Runs a test with these variables in place of the project's. Nothing else of the process may read them meanwhile. */
export async function withVariables<T>(variables: Record<string, string>, test: () => Promise<T>): Promise<T> {
  const isReplaced = (name: string) => /^(CODEBEAKER|DOCKER)_/.test(name) || Object.hasOwn(variables, name);
  const before = Object.entries(Deno.env.toObject()).filter(([name]) => isReplaced(name));
  for (const [name] of before) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    return await test();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
    for (const [name, value] of before) Deno.env.set(name, value);
  }
}
