import { assertEquals, assertStringIncludes } from "@std/assert";
import { announce, type AnnouncedService } from "../../src/cli/announce.ts";
import type { Output } from "../../src/cli/output.ts";
import { VERSION } from "../../src/core/version.ts";
import { until } from "../support/until.ts";

const URL = "http://127.0.0.1:8000";

const LIGHT = {
  name: "light",
  available: true,
  environments: [
    { name: "ruby", available: true, contexts: false },
    { name: "python", available: true, contexts: false },
    { name: "typescript", available: false, contexts: false },
  ],
  isolation: { level: 8, layers: [], limits: [] },
};
const HEAVY = {
  name: "heavy",
  available: false,
  reason: "no socket",
  remedy: "install it",
  environments: [{ name: "go", available: false, contexts: false }],
  isolation: { level: 9, layers: [], limits: [] },
};

function outputTo(printed: string[], { isTerminal = false } = {}): Output {
  return {
    write: (bytes) => Promise.resolve(printed.push(new TextDecoder().decode(bytes)) && bytes.length),
    isTerminal: () => isTerminal,
  };
}

interface AnnounceOptions {
  readonly first?: string | undefined;
  readonly hasKeys?: boolean;
  readonly isTerminal?: boolean;
  readonly minIsolation?: number;
}

/** What is announced of a service with these runtimes. */
async function announced(
  runtimes: readonly object[],
  { first = "light", hasKeys = false, isTerminal = false, minIsolation = 7 }: AnnounceOptions = {},
): Promise<string> {
  const printed: string[] = [];
  const service: AnnouncedService = {
    engine: { describeRuntimes: () => Promise.resolve(runtimes as never) },
    selector: { minIsolation },
    probes: { firstAvailable: Promise.resolve(first), allAnswered: Promise.resolve() },
    hasKeys: () => hasKeys,
  };
  await announce(service, { url: URL, stdout: outputTo(printed, { isTerminal }) });
  // deno-lint-ignore no-control-regex
  return printed.join("").replaceAll(/\x1b\[\d+m/g, "");
}

Deno.test("announce() prints two lines that programs can read where stdout is no terminal", async () => {
  const runtimes = "Runtimes: light, heavy (unavailable: no socket)";
  assertEquals(await announced([LIGHT, HEAVY]), `CodeBeaker listens on ${URL}, ready on light\n${runtimes}\n`);
});

Deno.test("announce() prints where it listens before runtimes are tested that nobody has asked for", async () => {
  const allAnswered = Promise.withResolvers<void>();
  const lines: string[] = [];
  const announcing = announce({
    engine: { describeRuntimes: () => Promise.resolve([LIGHT] as never) },
    selector: { minIsolation: 7 },
    probes: { firstAvailable: Promise.resolve(undefined), allAnswered: allAnswered.promise },
    hasKeys: () => false,
  }, { url: URL, stdout: outputTo(lines) });
  await until(() => lines.length > 0, "it has said where it listens");
  assertEquals(lines, [`CodeBeaker listens on ${URL}, no runtime is available\n`]);
  allAnswered.resolve();
  await announcing;
  assertEquals(lines.slice(1), ["Runtimes: light\n"]);
});

Deno.test("announce() says nothing of runtimes once the service stops", async () => {
  const lines: string[] = [];
  await announce({
    engine: { describeRuntimes: () => Promise.reject(new Error("it stops")) },
    selector: { minIsolation: 7 },
    probes: { firstAvailable: Promise.resolve(undefined), allAnswered: Promise.resolve() },
    hasKeys: () => false,
  }, { url: URL, stdout: outputTo(lines), signal: AbortSignal.abort() });
  assertEquals(lines, []);
});

Deno.test("announce() ends quietly where the service stops while it is asked", async () => {
  const lines: string[] = [];
  const stop = new AbortController();
  await announce({
    engine: {
      describeRuntimes() {
        stop.abort();
        return Promise.reject(new Error("it is shutting down"));
      },
    },
    selector: { minIsolation: 7 },
    probes: { firstAvailable: Promise.resolve("light"), allAnswered: Promise.resolve() },
    hasKeys: () => false,
  }, { url: URL, stdout: outputTo(lines), signal: stop.signal });
  assertEquals(lines, [`CodeBeaker listens on ${URL}, ready on light\n`]);
});

Deno.test("announce() prints to a terminal what is here, what to install for more, and what to try", async () => {
  assertEquals(
    await announced([LIGHT, HEAVY], { isTerminal: true }),
    `CodeBeaker ${VERSION} listens on ${URL}

  light  ruby, python  isolation 8 of 10
  heavy  go            unavailable: no socket: install it

Try it:
  curl -s ${URL}/v1/executions -d '{"language":"python","code":"print(40 + 2)"}'

`,
  );
});

Deno.test("announce() says how to bring a key where clients need one, and shows nothing to try where nothing can run", async () => {
  assertStringIncludes(
    await announced([LIGHT], { isTerminal: true, hasKeys: true }),
    `curl -s -H "X-API-Key: $CODEBEAKER_KEY" ${URL}/v1/executions`,
  );
  assertEquals((await announced([HEAVY], { isTerminal: true })).includes("curl"), false);
});

Deno.test("announce() says what to do where no available runtime reaches the floor", async () => {
  const warning = "No runtime reaches the isolation floor 9 (the best here: 8)";
  for (const isTerminal of [false, true]) {
    assertStringIncludes(await announced([LIGHT, HEAVY], { isTerminal, minIsolation: 9 }), warning);
  }
});
