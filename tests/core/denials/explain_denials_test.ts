import { assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_DENIALS } from "../../../src/core/answers/vocabulary.ts";
import { NO_PERMISSIONS, type PermissionBounds } from "../../../src/core/permissions/permissions.ts";
import { type DenialRecord, RULES } from "../../../src/core/denials/denial_report.ts";
import { explainDenials } from "../../../src/core/denials/explain_denials.ts";

const BOUNDS: PermissionBounds = { readRoots: ["/data"], writeRoots: [], openNetworks: [] };
const NET: DenialRecord = {
  kind: "net",
  target: "b.com:443",
  at: "main.ts:3:7",
  rule: RULES.netUnlisted,
  grant: { allowNet: ["b.com:443"] },
};

function remedyOf(denial: Partial<DenialRecord>, permissions = {}, bounds: PermissionBounds = BOUNDS) {
  const report = { permissions: { ...NO_PERMISSIONS, ...permissions }, denials: [{ ...NET, ...denial }] };
  return explainDenials(report, { bounds }).denials[0]?.remedy;
}

Deno.test("explainDenials() says what was refused, where, by which rule, and what would allow it", () => {
  const report = { permissions: { ...NO_PERMISSIONS, allowNet: ["a.com"] }, denials: [NET] };
  assertEquals(explainDenials(report, { bounds: BOUNDS }), {
    denials: [{
      kind: "net",
      target: "b.com:443",
      at: "main.ts:3:7",
      rule: "permissions.allowNet does not list it",
      remedy: { permissions: { allowNet: ["a.com", "b.com:443"] } },
    }],
  });
  assertEquals(explainDenials({ permissions: NO_PERMISSIONS, denials: [] }), { denials: [] });
});

Deno.test("explainDenials() gives the smallest change of each field, with what it held already", () => {
  for (const grant of [{ allowNet: true }, { allowRun: true }, { allowRead: ["/data/x"] }]) {
    assertEquals(remedyOf({ grant }), { permissions: grant });
  }
  assertEquals(remedyOf({ grant: { allowEnv: ["B"] } }, { allowEnv: ["A"] }), {
    permissions: { allowEnv: ["A", "B"] },
  });
  assertEquals(remedyOf({ grant: { allowWrite: ["/data"] } }, {}, { ...BOUNDS, writeRoots: ["/data"] }), {
    permissions: { allowWrite: ["/data"] },
  });
});

Deno.test("explainDenials() offers no change that would be refused, and says what stands in the way", () => {
  const obstacles: readonly (readonly [DenialRecord["grant"], PermissionBounds, string])[] = [
    [{ allowRead: ["/etc/passwd"] }, BOUNDS, "below a root that the operator lists (/data)"],
    [{ allowWrite: ["/data/x"] }, BOUNDS, "below a root that the operator lists (none is listed)"],
    [{ allowNet: ["10.0.0.1:80"] }, BOUNDS, "private network that the operator has not opened"],
    [{ allowNet: true }, { ...BOUNDS, ceiling: { allowNet: false } }, "the key's ceiling"],
    [{ allowRun: true }, { ...BOUNDS, ceiling: { allowRun: false } }, "the key's ceiling"],
    [{ allowEnv: ["LD_PRELOAD"] }, BOUNDS, "reserved"],
    [{ allowEnv: ["not a name"] }, BOUNDS, "letters, digits and underscores"],
    [{ allowNet: ["not a host"] }, BOUNDS, "A host is"],
  ];
  for (const [grant, bounds, why] of obstacles) {
    const { denials: [denial] } = explainDenials({
      permissions: NO_PERMISSIONS,
      denials: [{ ...NET, ...(grant === undefined ? {} : { grant }) }],
    }, { bounds });
    assertEquals([grant, denial?.remedy], [grant, undefined]);
    assertStringIncludes(denial?.rule ?? "", `${RULES.netUnlisted}. `);
    assertStringIncludes(denial?.rule ?? "", why);
  }
  const { grant: _none, ...ungrantable } = NET;
  assertEquals(explainDenials({ permissions: NO_PERMISSIONS, denials: [ungrantable] }).denials[0]?.remedy, undefined);
});

Deno.test("explainDenials() bounds the denials in number and length, and counts those left out", () => {
  const records = Array.from(
    { length: MAX_DENIALS + 5 },
    (_, index) => ({ ...NET, target: `${index}${"x".repeat(999)}` }),
  );
  const { denials, denialsOmitted } = explainDenials({ permissions: NO_PERMISSIONS, denials: records });
  assertEquals([denials.length, denialsOmitted], [MAX_DENIALS, 5]);
  assertEquals([...new Set(denials.map(({ target }) => target.length))], [256]);
  const all = explainDenials({ permissions: NO_PERMISSIONS, denials: records.slice(0, MAX_DENIALS) });
  assertEquals([all.denials.length, "denialsOmitted" in all], [MAX_DENIALS, false]);
});
