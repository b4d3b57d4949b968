import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "@std/path";
import type { SelfTestResults } from "../../src/runtimes/self_test/self_test_results.ts";

const FILE = "self_test.json";

/**
 * Directory in which the processes of one run of the tests keep results for each other; absent, each keeps its own. Its name is not
 * like a setting's: the command line refuses settings that it does not know.
 */
export const KEPT_VARIABLE = "TEST_KEPT_SELF_TESTS";

const shared = Deno.env.get(KEPT_VARIABLE);
/** What hosts of this process have passed. */
const passedHere = new Set<string>();
let kept: Readonly<Record<string, unknown>> = {};

/**
 * Self-tests that hosts of this run of the tests have passed: they are not what most tests test. A version has them for each
 * set of layers, since tests take layers away.
 */
export const HOSTS_SELF_TESTS: Pick<SelfTestResults, "add" | "has"> = {
  async has(subject, version) {
    if (passedHere.has(`${subject} ${version}`)) return true;
    return (await readPassed())[subject] === version || (shared !== undefined && existsSync(pathOf(subject, version)));
  },
  async add(subject, version) {
    passedHere.add(`${subject} ${version}`);
    // Each is a file of its own: processes that add some at the same time take none from each other.
    if (shared !== undefined) await Deno.writeTextFile(pathOf(subject, version), "");
  },
};

/** Those of hosts that have every layer, which a service has too: homes are given what such a host has passed. */
export const WHOLE_HOSTS_SELF_TESTS: typeof HOSTS_SELF_TESTS = {
  has: HOSTS_SELF_TESTS.has,
  async add(subject, version) {
    await HOSTS_SELF_TESTS.add(subject, version);
    await keep({ [subject]: version });
  },
};

/**
 * Gives a home the self-tests that services before have passed, unless it has results of its own: a self-test takes longer than
 * most tests, which are not about it.
 */
export async function plantSelfTests(home: string): Promise<void> {
  const path = join(home, FILE);
  const passed = await readPassed();
  if (existsSync(path) || Object.keys(passed).length === 0) return;
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, JSON.stringify(passed), { mode: 0o600 });
}

/** Keeps the self-tests that the service of a home has passed. */
export async function keepSelfTests(home: string): Promise<void> {
  await keep(await read(home));
}

async function keep(passed: Readonly<Record<string, unknown>>): Promise<void> {
  const known = await readPassed();
  kept = { ...known, ...passed };
  const text = JSON.stringify(kept);
  if (shared === undefined || text === JSON.stringify(known)) return;
  const fresh = await Deno.makeTempFile({ dir: shared });
  await Deno.writeTextFile(fresh, text);
  await Deno.rename(fresh, join(shared, FILE));
}

async function readPassed(): Promise<Readonly<Record<string, unknown>>> {
  return shared === undefined ? kept : { ...kept, ...await read(shared) };
}

async function read(directory: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return JSON.parse(await Deno.readTextFile(join(directory, FILE)));
  } catch {
    return {}; // Nothing has passed yet, or the home is gone.
  }
}

/** The file that says that a host has passed; a version may be longer than a name. */
function pathOf(subject: string, version: string): string {
  return join(shared ?? "", createHash("sha256").update(`${subject}.${version}`).digest("hex"));
}
