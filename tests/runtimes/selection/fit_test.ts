import { assertEquals } from "@std/assert";
import type { Need, Needs, Surface } from "../../../src/core/needs.ts";
import { fitOf, hasCertainNeeds, preferFitting } from "../../../src/runtimes/selection/fit.ts";

const NUMPY: Need = { kind: "module", name: "numpy", file: "main.py", line: 1, certain: true };
const OPTIONAL: Need = { kind: "module", name: "orjson", file: "main.py", line: 4, certain: false };

function needs(...uses: readonly Need[]): Needs {
  return { known: true, uses };
}

function unknown(...uses: readonly Need[]): Needs {
  return { known: false, reason: "main.py:9 uses eval", uses };
}

function surface(isWhole: boolean, found: Readonly<Record<string, boolean>> = {}): Surface {
  return { isWhole, has: ({ name }) => found[name] };
}

/** The surface of a runtime for which programs with `own` are written, and not those with `foreign`. */
function ownSurface(isWhole: boolean): Surface {
  const has = ({ name }: Need) => name === "own" ? true : name === "foreign" ? false : undefined;
  return { isWhole, has, isOwn: ({ name }) => name === "own", isForeign: ({ name }) => name === "foreign" };
}

const OWN: Need = { ...OPTIONAL, name: "own" };
const FOREIGN: Need = { ...OPTIONAL, name: "foreign", line: 2 };

const CODE = "missing_capability";
const NOT_KNOWN = "has a part of the language, and what the program needs is not known";

const CASES: readonly [string, Surface | undefined, Needs | undefined, string][] = [
  ["assumes nothing of a runtime that says nothing", undefined, needs(NUMPY), "unknown"],
  ["assumes nothing of a program that is not analysed", surface(true), undefined, "unknown"],
  [
    "rules out what certainly lacks a certain need",
    surface(true, { numpy: false }),
    needs(NUMPY),
    "lacks numpy (main.py:1)",
  ],
  ["does so whatever else is unknown", surface(true, { numpy: false }), unknown(NUMPY), "lacks numpy (main.py:1)"],
  ["keeps what may have it", surface(true), needs(NUMPY), "unknown"],
  ["keeps what lacks an uncertain need", surface(true, { orjson: false }), needs(OPTIONAL), "lacks_some"],
  ["knows what has everything", surface(true, { numpy: true, orjson: true }), needs(NUMPY, OPTIONAL), "has_all"],
  ["does not know that of unknown needs", surface(true, { numpy: true }), unknown(NUMPY), "unknown"],
  ["rules a part out without a program", surface(false), undefined, NOT_KNOWN],
  ["rules a part out for unknown needs", surface(false), unknown(), `${NOT_KNOWN}: main.py:9 uses eval`],
  ["rules a part out that may lack a need", surface(false), needs(OPTIONAL), "lacks orjson (main.py:4)"],
  ["keeps a part that has everything", surface(false, { orjson: true }), needs(OPTIONAL), "has_all"],
  [
    "keeps a part for which the program is written, though not all of its needs are known",
    ownSurface(false),
    unknown(OWN),
    "is_written_for",
  ],
  ["keeps it though it may lack a need", ownSurface(false), needs(OWN, OPTIONAL), "is_written_for"],
  [
    "rules it out for a program that may be written for another",
    ownSurface(false),
    unknown(OWN, FOREIGN),
    "lacks foreign (main.py:2)",
  ],
  ["keeps a part for a program without needs", surface(false), needs(), "has_all"],
];

for (const [what, there, wanted, result] of CASES) {
  Deno.test(`fitOf() ${what}`, () => {
    const { grade, rejectedBecause } = fitOf(there, wanted);
    assertEquals(rejectedBecause?.code, rejectedBecause === undefined ? undefined : CODE);
    assertEquals(rejectedBecause?.detail ?? grade, result);
  });
}

Deno.test("fitOf() names three of many missing needs", () => {
  const many = ["a", "b", "c", "d", "e"].map((name) => ({ ...NUMPY, name }));
  assertEquals(
    fitOf({ isWhole: true, has: () => false }, needs(...many)).rejectedBecause?.detail,
    "lacks a (main.py:1), b (main.py:1), c (main.py:1) and 2 more",
  );
});

Deno.test("fitOf() calls a console's way to show objects by its name, as every runtime has a console", () => {
  const need: Need = { ...OPTIONAL, kind: "global", name: "console.log" };
  const { rejectedBecause } = fitOf(surface(false), needs(need));
  assertEquals(rejectedBecause?.detail, "lacks the default display of objects in console.log (main.py:4)");
});

Deno.test("fitOf() gives a program that is certainly written for another runtime to none as the last resort", () => {
  const foreign = { ...FOREIGN, certain: true };
  const fit = fitOf(ownSurface(true), needs(foreign), { isLastResort: true });
  assertEquals(fit.rejectedBecause?.detail, "lacks foreign (main.py:2)");
  assertEquals(fitOf(ownSurface(true), needs(FOREIGN)).grade, "lacks_some");
});

Deno.test("hasCertainNeeds() knows a program that is certainly written for a runtime", () => {
  const own = { ...OWN, certain: true };
  assertEquals(hasCertainNeeds(ownSurface(false), needs(own, NUMPY)), true);
  assertEquals(hasCertainNeeds(ownSurface(false), needs(OWN, NUMPY)), false);
  assertEquals(hasCertainNeeds(ownSurface(false), needs(own, { ...FOREIGN, certain: true })), false);
});

Deno.test("preferFitting() moves what lacks something behind, only where another has everything", () => {
  const lacks = { grade: "lacks_some" } as const;
  const unsure = { grade: "unknown" } as const;
  const all = { grade: "has_all" } as const;
  assertEquals(preferFitting([lacks, unsure, all]), [unsure, all, lacks]);
  const own = { grade: "is_written_for" } as const;
  assertEquals(preferFitting([lacks, own]), [own, lacks]);
  assertEquals(preferFitting([lacks, unsure]), [lacks, unsure]);
});
