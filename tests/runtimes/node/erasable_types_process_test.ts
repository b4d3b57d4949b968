import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { NeedAnalyser } from "../../../src/needs/mod.ts";
import { create } from "../../../src/runtimes/node/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { CLASSES, ERASABLE } from "../../support/erasable_programs.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";

/** Prints each program whose types this Node does not strip. */
const STRIP_ALL = `
  const { stripTypeScriptTypes } = require("node:module");
  for (const text of JSON.parse(require("node:fs").readFileSync("programs.json", "utf8"))) {
    try {
      stripTypeScriptTypes(text);
    } catch {
      console.log(text);
    }
  }
`;

const { runtime } = await openRuntime(create);

if (isPresent("node/typescript", await testedAvailability(runtime, "typescript"))) {
  Deno.test("[node] strips the types of every program in which NeedAnalyser finds nothing else to do", async () => {
    const analyser = new NeedAnalyser({ now: () => 0 });
    const erasable: string[] = [];
    for (const text of [...ERASABLE, ...CLASSES]) {
      const files = [{ path: "main.ts", bytes: new TextEncoder().encode(text) }];
      const needs = await analyser.find({ entrypoint: "main.ts", files });
      const isErasable = needs?.known === true && !needs.uses.some(({ kind }) => kind === "types" || kind === "syntax");
      if (isErasable) erasable.push(text);
    }
    assert(erasable.length > 100 && erasable.length < CLASSES.length / 2, String(erasable.length));
    await using environment = await runtime.createEnvironment(configureEnvironment("node", { singleUse: true }));
    const files = { "main.js": STRIP_ALL, "programs.json": JSON.stringify(erasable) };
    for (const [path, text] of Object.entries(files)) {
      await environment.files.write(path, new TextEncoder().encode(text));
    }
    const program = { kind: "file", path: "main.js", args: [] } as const;
    const { outcome, stdout } = await runProgram(environment, program, { limits: DEFAULT_LIMITS, stdin: "" });
    assertEquals([outcome.kind, stdout], ["exited", ""]);
  });
}
