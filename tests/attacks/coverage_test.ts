import { existsSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { RUNTIMES } from "../../src/runtimes/registry.ts";
import { until } from "../support/until.ts";
import { ATTACK_LANGUAGES, CATEGORIES, MECHANISMS, stepsOf } from "./attack.ts";
import { denoByNode, type Process } from "./deno_by_node.ts";
import { runningPids } from "./host_processes.ts";
import { ATTACKS } from "./mod.ts";
import { findProcesses } from "./oracles.ts";
import { rowsOf } from "./rows.ts";
import { type Setup, SETUPS } from "./subjects.ts";

const MIN_ATTACKS = 120;

const all = ATTACKS.flatMap(({ attacks }) => attacks);

Deno.test(`There are at least ${MIN_ATTACKS} attacks, each with a name of its own and something to do`, () => {
  assert(all.length >= MIN_ATTACKS, `There are ${all.length}`);
  const names = ATTACKS.flatMap(({ attacks, category, controls }) =>
    [...attacks, ...controls].map(({ language = "typescript", name }) => `${category}: ${language}: ${name}`)
  );
  assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
  assertEquals(all.filter((attack) => stepsOf(attack).length === 0).map(({ name }) => name), []);
});

Deno.test("Every category has attacks, and a control that shows that its oracles see", () => {
  assertEquals(ATTACKS.map(({ category }) => category), [...CATEGORIES]);
  for (const { attacks, category, controls } of ATTACKS) {
    assert(attacks.length >= 5 && controls.length > 0, category);
  }
});

/** Where a category has no control that is not refused, and what shows instead that its oracles see. */
const UNCONTROLLED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...Object.fromEntries(
    ["deno with flags alone", "node in namespaces", "bun in namespaces", "node under Landlock", "bun under Landlock"]
      .map(
        (subject) => [subject, { network: "no network can be granted there; bare, the same attacks are seen" }],
      ),
  ),
  ...Object.fromEntries(
    ["isolate in namespaces", "isolate in namespaces, in a context"].map((subject) => [
      subject,
      Object.fromEntries(
        (SETUPS[subject]?.categories ?? []).map((category) => [
          category,
          "nothing can be granted there; the controls of the same attacks elsewhere are seen",
        ]),
      ),
    ]),
  ),
};

Deno.test("Attacks are written in every language of every subject", () => {
  const asked = new Set(Object.values(SETUPS).flatMap(({ languages }) => languages));
  assertEquals(asked.difference(new Set<string>(ATTACK_LANGUAGES)), new Set());
});

/** What attacks call of Deno that no module of Node has. */
const OF_DENO_ALONE = ["resolveDns", "createHttpClient", "listen", "serve", "systemMemoryInfo", "setUid", "exitCode"];

Deno.test("denoByNode() has what attacks call on every runtime of JavaScript", () => {
  const has = new Set([...Object.keys(denoByNode(process as Process)), ...OF_DENO_ALONE]);
  const called = all.filter(({ language }) => language === "ecmascript").flatMap(({ code, steps, tries }) =>
    [...JSON.stringify({ code, steps, tries }).matchAll(/\bDeno\.(\w+)/g)].map(([, name = ""]) => name)
  );
  assertEquals(new Set(called).difference(has), new Set());
});

for (const [subject, { categories = CATEGORIES, languages }] of Object.entries(SETUPS)) {
  Deno.test(`[${subject}] every category has a control that is tried there`, () => {
    assertEquals(categories.filter((category) => !(CATEGORIES as readonly string[]).includes(category)), []);
    const without = ATTACKS.filter(({ category, controls }) =>
      categories.includes(category) &&
      !controls.some(({ language = "typescript", refusals = {} }) =>
        languages.includes(language) && !(subject in refusals)
      )
    );
    assertEquals(without.map(({ category }) => category), Object.keys(UNCONTROLLED[subject] ?? {}));
  });
}

Deno.test("Every runtime's strongest layers meet every category, and its weakest do on some runtime, or a test of its own", async () => {
  const layersOf = ({ needs, without, usesHostLayers, minIsolation }: Setup) =>
    JSON.stringify({ needs, without, usesHostLayers, minIsolation });
  const meetsEveryCategory = new Set(
    Object.values(SETUPS).filter(({ categories, isWarm = false, runsCells = false }) =>
      categories === undefined && !isWarm && !runsCells
    ).map(layersOf),
  );
  for (const { loadTestSubjects, name } of RUNTIMES) {
    const { attackTest } = await loadTestSubjects();
    if (attackTest !== undefined) {
      assert(attackTest.endsWith("_test.ts") && existsSync(new URL(attackTest, import.meta.url)), attackTest);
      continue;
    }
    const subjects = Object.values(SETUPS).filter(({ entry, isWarm = false, runsCells = false }) =>
      entry.name === name && !isWarm && !runsCells // These are confined as others are.
    );
    const [strongest, weakest] = [subjects.at(0), subjects.at(-1)];
    assert(strongest !== undefined && weakest !== undefined, `${name} is not attacked`);
    assertEquals(strongest.categories, undefined, name);
    assert(meetsEveryCategory.has(layersOf(weakest)), name);
  }
});

Deno.test("An attack that another stands for is in that one's language, and that one is tried everywhere", () => {
  for (const { attacks, category } of ATTACKS) {
    const tried = attacks.filter(({ standIn }) => standIn === undefined);
    const lost = attacks.filter(({ language, standIn }) =>
      standIn !== undefined && !tried.some((one) => one.name === standIn && one.language === language)
    );
    assertEquals(lost.map(({ name }) => `${category}: ${name}`), []);
  }
});

Deno.test("What is refused is so in subjects that there are", () => {
  const every = ATTACKS.flatMap(({ attacks, controls }) => [...attacks, ...controls]);
  const subjects = every.flatMap(({ refusals = {} }) => Object.keys(refusals));
  assertEquals(subjects.filter((subject) => !(subject in SETUPS)), []);
});

Deno.test("Every mechanism that let programs of the original design out has a regression", () => {
  const tried = new Set(all.map(({ mechanism }) => mechanism));
  assertEquals(MECHANISMS.filter((mechanism) => !tried.has(mechanism)), []);
});

const exempt = all.flatMap(({ exemptions = {}, name }) =>
  Object.entries(exemptions).map(([subject, { oracle, reason }]) => ({ subject, name, oracle, reason }))
);

Deno.test(`${exempt.length} times an attack is exempt from an oracle, in subjects that there are`, () => {
  assertEquals(exempt.filter(({ subject }) => !(subject in SETUPS)), []);
  assertEquals(exempt.filter(({ reason }) => reason === ""), []);
});

const ON_HOST = { isWarm: false, name: "here", scratchDirectory: "/scratch" };

Deno.test("rowsOf() leaves no attack out, and puts none beside one that spoils or asks for something else", () => {
  const plain = (name: string) => ({ name, code: "" });
  const attacks = [
    ...["a", "b", "c", "d", "e", "f", "g"].map(plain),
    { ...plain("spoils"), spoils: true },
    { ...plain("limited"), limits: { cpuMs: 10 } },
    { ...plain("in Python"), language: "python" as const },
    { ...plain("refused"), refusals: { here: "no" } },
    { ...plain("exempt"), exemptions: { here: { oracle: "excess" as const, reason: "none" } } },
    { name: "beside another", steps: [{ neighbour: "" }] },
  ];
  const names = (subject: Parameters<typeof rowsOf>[1]) =>
    rowsOf(attacks, subject).map((row) => row.map(({ name }) => name));
  const alone = attacks.slice(7).map(({ name }) => [name]);
  assertEquals(names(ON_HOST), [["a", "b", "c", "d", "e", "f"], ["g"], ...alone]);
  assertEquals(names({ ...ON_HOST, isWarm: true }), attacks.map(({ name }) => [name]));
});

Deno.test("findProcesses() kills the processes with an attack's token, but those that ran before the attack", async () => {
  const token = crypto.randomUUID();
  const start = () => new Deno.Command("/usr/bin/tail", { args: ["-f", "/dev/null"], env: { token } }).spawn();
  const before = start();
  const running = runningPids();
  const left = start();
  // A process that has just begun to execute its program has no environment for a moment.
  await until(() => Deno.readTextFileSync(`/proc/${left.pid}/environ`).includes(token), "it carries the token");
  assertEquals(await findProcesses({ running, token, uid: undefined }), [
    { oracle: "leftover", detail: `process ${left.pid}` },
  ]);
  assertEquals((await left.status).signal, "SIGKILL");
  before.kill();
  assertEquals((await before.status).signal, "SIGTERM");
});
