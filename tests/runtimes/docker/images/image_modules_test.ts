import { assert, assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { Outcome } from "../../../../src/core/execution.ts";
import type { Need, Needs } from "../../../../src/core/needs.ts";
import { ImageModules } from "../../../../src/runtimes/docker/images/image_modules.ts";
import { ENVIRONMENTS } from "../../../../src/runtimes/docker/images/environments.ts";
import type { Observed } from "../../../../src/runtimes/self_test/run_program.ts";

const EXITED: Outcome = { kind: "exited", exitCode: 0 };
const NOT_FOUND: Outcome = { kind: "exited", exitCode: 127 };
const LISTED: Observed = { output: "all\njson\npandas\n", outcome: EXITED };

function needOf(name: string, certain = true): Need {
  return { kind: "module", name, file: "main.py", line: 1, certain };
}

function needsOf(...names: readonly string[]): Needs {
  return { known: true, uses: names.map((name) => needOf(name)) };
}

/** The modules of a fake Engine's images, on which the program answers what a test says. */
function open(
  answer: (signal: AbortSignal) => Promise<Observed>,
  { home, id = "sha256:1", isHere = true }: {
    readonly home?: string | undefined;
    readonly id?: string;
    readonly isHere?: boolean;
  } = {},
) {
  const state = { now: 0, runs: 0, id };
  const log: string[] = [];
  const modules = new ImageModules({
    environments: ENVIRONMENTS,
    home,
    log: { info: (event) => log.push(event), warning: (event) => log.push(event) },
    imageOf: () => isHere ? { image: "python:1", id: state.id } : undefined,
    run: (_program, { signal }) => {
      state.runs++;
      return answer(signal);
    },
    now: () => state.now,
  });
  const found = () => ["json", "pandas", "numpy"].map((name) => modules.surface("python")?.has(needOf(name)));
  return { modules, state, log, found };
}

const KNOWN = [true, true, false];
const UNKNOWN = [undefined, undefined, undefined];

Deno.test("ImageModules asks an image once for all who need a module that does not come with Python", async () => {
  const { found, modules, state } = open(() => Promise.resolve(LISTED));
  assertEquals(found(), UNKNOWN);
  for (const needs of [needsOf(), needsOf("json", "_thread"), { known: true, uses: [needOf("numpy", false)] }]) {
    assertEquals(modules.learn("python", needs), undefined);
  }
  await Promise.all([modules.learn("python", needsOf("numpy")), modules.learn("python", needsOf("pandas"))]);
  assertEquals([state.runs, found()], [1, KNOWN]);
  assertEquals(modules.learn("python", needsOf("scipy")), undefined);
  state.id = "sha256:2"; // The tag was moved to another image.
  assertEquals(found(), UNKNOWN);
  await modules.learn("python", needsOf("scipy"));
  assertEquals([state.runs, found()], [2, KNOWN]);
});

Deno.test("ImageModules asks no image that is not here", () => {
  const { found, modules } = open(() => Promise.resolve(LISTED), { isHere: false });
  assertEquals([modules.learn("python", needsOf("numpy")), found()], [undefined, UNKNOWN]);
});

Deno.test("ImageModules keeps what an image answered for later processes, also that it cannot tell", async () => {
  const home = await Deno.makeTempDir();
  const answers = {
    "sha256:1": LISTED,
    "sha256:2": { output: "sh: python3: not found", outcome: NOT_FOUND },
    "sha256:3": { output: `all\n${"json\n".repeat(100_000)}`, outcome: EXITED },
  };
  for (const [id, answer] of Object.entries(answers)) {
    const first = open(() => Promise.resolve(answer), { home, id });
    await first.modules.learn("python", needsOf("numpy"));
    const later = open(() => Promise.resolve(answer), { home, id });
    await later.modules.learn("python", needsOf("numpy"));
    assertEquals([first.state.runs, later.state.runs, later.found()], [1, 0, id === "sha256:1" ? KNOWN : UNKNOWN]);
    assertEquals(later.modules.learn("python", needsOf("numpy")), undefined);
  }
  await Deno.writeTextFile(`${home}/image_modules.json`, '{"x": {"isComplete": true, "names": [1]}}');
  const other = open(() => Promise.resolve(LISTED), { home });
  await other.modules.learn("python", needsOf("numpy"));
  assertEquals([other.state.runs, other.found()], [1, KNOWN]);
  await Deno.remove(home, { recursive: true });
});

Deno.test("ImageModules does not ask again in this process where the program failed, and keeps that from later ones", async () => {
  const home = await Deno.makeTempDir();
  for (const outcome of [{ kind: "timed_out", limitMs: 10_000 }, { kind: "exited", exitCode: 1 }] as const) {
    const ended: Observed = { output: "all\njson\n", outcome };
    const { found, modules, state } = open(() => Promise.resolve(ended), { home });
    await modules.learn("python", needsOf("numpy"));
    assertEquals([modules.learn("python", needsOf("numpy")), state.runs, found()], [undefined, 1, UNKNOWN]);
    assertEquals([...Deno.readDirSync(home)], []);
  }
  await Deno.remove(home, { recursive: true });
});

Deno.test("ImageModules assumes nothing where the Engine stops, and asks again after 10 s", async () => {
  const lost = new CodeBeakerError("runtime_unavailable", "The Docker Engine was lost");
  const { found, log, modules, state } = open(() => state.runs === 1 ? Promise.reject(lost) : Promise.resolve(LISTED));
  await modules.learn("python", needsOf("numpy"));
  assertEquals([found(), log], [UNKNOWN, ["image.modules_not_listed"]]);
  state.now = 9_999;
  assertEquals(modules.learn("python", needsOf("numpy")), undefined);
  state.now = 10_000;
  await modules.learn("python", needsOf("numpy"));
  assertEquals([state.runs, found()], [2, KNOWN]);
});

Deno.test("ImageModules lets no request wait for a program that hangs once others have, and ends it when it is disposed of", async () => {
  const asked = Promise.withResolvers<void>();
  const hanging = open((signal) => {
    asked.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const first = hanging.modules.learn("python", needsOf("numpy"));
  await asked.promise;
  hanging.state.now = 5_000;
  await hanging.modules.learn("python", needsOf("numpy"));
  assertEquals([hanging.state.runs, hanging.found()], [1, UNKNOWN]);
  await hanging.modules[Symbol.asyncDispose]();
  await first;
  assertEquals(hanging.log, []);
  assert(hanging.modules.learn("python", needsOf("numpy")) === undefined);
});
