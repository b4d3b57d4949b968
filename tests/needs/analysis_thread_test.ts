import { assertEquals } from "@std/assert";
import { AnalysisThread } from "../../src/needs/analysis_thread.ts";

function programOf(text: string) {
  return { entrypoint: "main.js", files: [{ path: "main.js" }], texts: [{ path: "main.js", text }] };
}

/** A wait that ends in no test, so that none depends on how busy the machine is. */
const PATIENT = { maxWaitMs: 600_000 };

Deno.test("AnalysisThread lets no program wait for those before it beyond its own time", async () => {
  using thread = new AnalysisThread({ maxWaitMs: 1 });
  const hostile = Array.from({ length: 3 }, (_, index) => thread.analyse(programOf(`${index};${"[a=".repeat(4_000)}`)));
  const behind = thread.analyse(programOf("Bun.gc();"));
  assertEquals(await Promise.all([...hostile, behind]), [undefined, undefined, undefined, undefined]);
});

Deno.test("AnalysisThread ends the parse of a hostile program", async () => {
  using thread = new AnalysisThread(PATIENT);
  const hostile = thread.analyse(programOf(`Bun.a;${"[a=".repeat(4_000)}`));
  const behind = thread.analyse(programOf("Bun.gc();"));
  assertEquals(await hostile, "takes too long");
  assertEquals(typeof await behind, "object");
});

Deno.test("AnalysisThread reads programs, refuses when dozens wait, and starts anew after its end", async () => {
  using thread = new AnalysisThread(PATIENT);
  const many = Array.from({ length: 65 }, (_, index) => thread.analyse(programOf(`Bun.a${index};`)));
  const answers = await Promise.all(many);
  const names = answers.map((answer) => typeof answer === "object" ? answer.uses[0]?.name : answer);
  assertEquals(names, [...Array.from({ length: 64 }, (_, index) => `Bun.a${index}`), undefined]);
  const left = thread.analyse(programOf("Bun.gc();"));
  thread[Symbol.dispose]();
  assertEquals(await left, undefined);
  assertEquals(typeof await thread.analyse(programOf("Bun.gc();")), "object");
});
