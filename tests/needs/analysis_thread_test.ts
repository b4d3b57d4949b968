import { assertEquals } from "@std/assert";
import { AnalysisThread } from "../../src/needs/analysis_thread.ts";

function programOf(text: string) {
  return { entrypoint: "main.js", files: [{ path: "main.js" }], texts: [{ path: "main.js", text }] };
}

Deno.test("AnalysisThread reads programs, refuses when dozens wait, and starts anew after its end", async () => {
  using thread = new AnalysisThread();
  const many = Array.from({ length: 65 }, (_, index) => thread.analyse(programOf(`Bun.a${index};`)));
  const answers = await Promise.all(many);
  const names = answers.map((answer) => typeof answer === "object" ? answer.uses[0]?.name : answer);
  assertEquals(names, [...Array.from({ length: 64 }, (_, index) => `Bun.a${index}`), undefined]);
  const left = thread.analyse(programOf("Bun.gc();"));
  thread[Symbol.dispose]();
  assertEquals(await left, undefined);
  assertEquals(typeof await thread.analyse(programOf("Bun.gc();")), "object");
});
