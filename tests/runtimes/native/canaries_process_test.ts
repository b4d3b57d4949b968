import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { mainFileOf } from "../../../src/core/languages.ts";
import { countConnections } from "../../../src/host/count_connections.ts";
import { LANGUAGES } from "../../../src/runtimes/native/languages/mod.ts";
import type { LanguageRow } from "../../../src/runtimes/native/languages/row.ts";
import { HONEST_CANARY } from "../../../src/runtimes/self_test/canary.ts";
import { languageCanaries } from "../../../src/runtimes/process/self_test/language_tests.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { openNative } from "./open_native.ts";

// Canaries that find no fault show something only if they find one where nothing confines them.

/** Without its compiled library, which takes as long as all others, Go builds nothing in a moment. */
const SLOW = ["go"];
const SECRET = "a secret of this machine";
/** Languages whose programs need not end by a word of their own where they are refused memory. */
const SILENT = ["sh", "c", "cpp"];
/** In less time a program takes all the memory that the kernel lets it have. */
const STALL_MS = 200;

/** Runs a command line of a row with nothing around it, and returns what it printed. */
async function runBare(words: readonly string[], directory: string): Promise<string> {
  const [command = "", ...args] = words;
  const variables = { PATH: "/usr/bin:/bin", OWN_VARIABLE: SECRET };
  const bare = new Deno.Command(command, { args, cwd: directory, clearEnv: true, env: variables, stdin: "null" });
  const { stderr, stdout } = await bare.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** Fills in the command lines of a row for files of a directory. */
function commandLines({ binaries: [binary], compile, run }: LanguageRow, path: string): readonly string[][] {
  const places: Record<string, string> = {
    binary: `/usr/bin/${binary}`,
    file: path,
    output: `${path}.out`,
    prebuilt: `${path}.prebuilt`,
    heapMb: "64",
  };
  const fill = (word: string) => word.replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
  const lists = ["{sources}", "{compileArgs}"];
  const fillAll = (line: readonly string[]) => line.filter((word) => !lists.includes(word)).map(fill);
  return [...(compile === undefined ? [] : [fillAll(compile)]), fillAll(run)];
}

function isHere({ binaries: [binary] }: LanguageRow): boolean {
  try {
    return Deno.statSync(`/usr/bin/${binary}`).isFile;
  } catch {
    return false;
  }
}

for (const [language, row] of Object.entries(LANGUAGES)) {
  if (SLOW.includes(language)) continue;
  Deno.test({
    name: `languageCanaries() ${language} finds a fault where nothing confines a program`,
    ignore: !isHere(row),
    fn: async () => {
      assert(row.programs !== undefined);
      const mainFile = mainFileOf(language);
      const directory = await Deno.makeTempDir();
      await using listener = countConnections(["127.0.0.1"]);
      const targets = {
        secretPath: join(directory, "secret.txt"),
        secret: SECRET,
        hidesFiles: true,
        port: listener.addresses[0]?.port ?? 0,
        connections: listener.connections,
        ownVariables: [`OWN_VARIABLE=${SECRET}`],
      };
      await Deno.writeTextFile(targets.secretPath, SECRET);
      const script = row.prebuilt?.script(join(directory, `${mainFile}.prebuilt`), `/usr/bin/${row.binaries[0]}`);
      if (script !== undefined) await runBare(["/bin/sh", "-ec", script], directory);
      const faults: Record<string, string | undefined> = {};
      try {
        for (const canary of languageCanaries(mainFile, row.programs)) {
          // A limit cannot be left out here, and the honest program is every other test's.
          if (canary.cost !== "runtime" || canary.name === HONEST_CANARY || !("files" in canary)) continue;
          const path = join(directory, mainFile);
          await Deno.writeTextFile(path, `${canary.files(targets)[mainFile]}`);
          await Deno.mkdir(`${path}.out`, { recursive: true });
          let output = "";
          for (const line of commandLines(row, path)) output = await runBare(line, directory);
          const outcome = { kind: "exited", exitCode: 0 } as const;
          faults[canary.name] = canary.fault({ output, outcome, targets, fileNames: [] });
        }
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
      assertEquals(Object.keys(faults), ["files", "network", "environment"]);
      for (const [name, fault] of Object.entries(faults)) assert(fault !== undefined, name);
    },
  });
}

for (const language of SILENT) {
  Deno.test({
    name: `languageCanaries() ${language} finds no fault where nothing but samples bounds memory, and they come late`,
    ignore: !Object.entries(LANGUAGES).some(([name, row]) => name === language && isHere(row)),
    fn: async () => {
      await using host = await openRuntimeHost({ without: ["cgroup"] });
      await using native = await openNative({ confinement: host.confinement });
      assertEquals((await native.availability(language)).available, true);
      const stalling = setInterval(stall, 1);
      try {
        assertEquals((await native.test(language, ["memory"])).map(({ detail, kept }) => [kept, detail]), [[
          true,
          undefined,
        ]]);
      } finally {
        clearInterval(stalling);
      }
    },
  });
}

/** Keeps this process from doing anything else, as a busy machine does. */
function stall(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
}
