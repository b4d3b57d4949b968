import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeDiagnosis } from "../../src/cli/diagnosis_text.ts";
import { PLAIN } from "../../src/cli/palette.ts";
import { isHealthy, type ServiceDiagnosis } from "../../src/core/diagnosis.ts";

const MARKED = {
  title: (text: string) => text,
  good: (text: string) => `<good>${text}</good>`,
  bad: (text: string) => `<bad>${text}</bad>`,
  hint: (text: string) => `<hint>${text}</hint>`,
};

const DIAGNOSIS: ServiceDiagnosis = {
  floor: 7,
  floorReached: true,
  memory: { machineMb: 2_048, budgetMb: 1_536 },
  checks: [{ name: "home", good: false, detail: "cannot be written", remedy: "name another" }],
  runtimes: [{
    runtime: "fast",
    available: true,
    level: 8,
    layers: [{ name: "wall", active: true, detail: "it stands" }, { name: "roof", active: false, detail: "none" }],
    canaries: [{ name: "bird", promise: "it stays", kept: true }],
    languages: [{ name: "python", isHere: false, detail: "it is pulled" }],
    next: { level: 9, remedy: "build a roof" },
  }],
};

Deno.test("describeDiagnosis() tells everything, what to do, and the end of it", () => {
  assertEquals(
    describeDiagnosis(DIAGNOSIS, PLAIN),
    `This machine, and the service on it
  ✗ home    cannot be written
            → name another
  ✓ memory  programs may take 1536 of 2048 MB together

fast: available, isolation 8 of 10
  Layers
    ✓ wall  it stands
    ✗ roof  none
  Canaries
    ✓ bird  it stays
  Languages
    ✗ python  it is pulled
  To reach 9: build a roof

The isolation floor 7 is reached.`,
  );
});

Deno.test("describeDiagnosis() shows what is broken, with what was seen, as bad", () => {
  const [runtime] = DIAGNOSIS.runtimes;
  const broken: ServiceDiagnosis = {
    ...DIAGNOSIS,
    floorReached: false,
    runtimes: runtime === undefined ? [] : [{
      ...runtime,
      available: false,
      reason: "a bird flew",
      remedy: "keep the bird",
      canaries: [{ name: "bird", promise: "it stays", kept: false, detail: "it flew" }],
    }],
  };
  const text = describeDiagnosis(broken, MARKED);
  assertStringIncludes(text, "<bad>unavailable: a bird flew</bad>\n  <hint>→ keep the bird</hint>\n");
  assertStringIncludes(text, "<bad>✗</bad> bird  it stays. Seen: it flew");
  assertStringIncludes(text, "<bad>No runtime reaches the isolation floor 7");
  assertStringIncludes(text, "<bad>Broken canaries: fast/bird.</bad>");
  assertStringIncludes(text, "<hint>→ name another</hint>");
  assertEquals([isHealthy(broken), isHealthy(DIAGNOSIS)], [false, true]);
  assertEquals(isHealthy({ ...broken, floorReached: true }), false);
  assertEquals(isHealthy({ ...DIAGNOSIS, floorReached: false }), false);
});
