import { assert, assertEquals } from "@std/assert";
import type { Availability } from "../../../src/core/capabilities.ts";
import { NeedAnalyser } from "../../../src/needs/mod.ts";
import { create } from "../../../src/runtimes/native/mod.ts";
import { fitOf } from "../../../src/runtimes/selection/fit.ts";
import { isPresent } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

async function pythonAvailability(): Promise<Availability> {
  await using host = await openRuntimeHost();
  await using runtime = create(host);
  return await runtime.isAvailable("python");
}

if (isPresent("native/python", await pythonAvailability())) {
  Deno.test("native knows the modules of this machine's Python once it is available", async () => {
    await using host = await openRuntimeHost();
    await using runtime = create(host);
    await runtime.isAvailable("python");
    const analyser = new NeedAnalyser({ now: () => 0 });
    const fit = async (code: string) => {
      const files = [{ path: "main.py", bytes: new TextEncoder().encode(code) }];
      const needs = await analyser.find({ files, entrypoint: "main.py" });
      const surface = runtime.surface?.("python");
      assert(surface !== undefined);
      const { grade, rejectedBecause } = fitOf(surface, needs);
      return rejectedBecause?.detail ?? grade;
    };
    assertEquals(await fit("import sys, os.path, json, ctypes.util\nimport __future__"), "unknown"); // ctypes runs anything.
    assertEquals(await fit("import sys, os.path, json, sqlite3, _thread, unittest.mock\nprint(1)"), "has_all");
    assertEquals(await fit("import json\nimport no_such_module_here"), "lacks no_such_module_here (main.py:2)");
  });
}
