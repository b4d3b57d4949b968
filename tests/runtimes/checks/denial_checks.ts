import { assertEquals, assertMatch } from "@std/assert";
import { MAX_DENIALS } from "../../../src/core/answers/vocabulary.ts";
import { RULES } from "../../../src/core/denials/denial_report.ts";
import type { Checks } from "./bench.ts";

/** What is told of denials. Each check runs exactly one program. */
export const DENIAL_CHECKS: Checks = {
  async "a refused network access is reported, although the program caught the error"({ dialect, run }) {
    const { exitCode, stdout, denials, denialsOmitted } = await run(dialect.reach(["example.com"]));
    assertEquals([exitCode, stdout, denialsOmitted, denials.length], [0, "caught\n", undefined, 1]);
    const [denial] = denials;
    assertEquals([denial?.kind, denial?.rule], ["net", RULES.netOff]);
    assertMatch(denial?.target ?? "", /^(\*|example\.com(:443)?)$/); // Some runtimes see that it was refused, and not what.
    assertMatch(JSON.stringify(denial?.remedy), /^{"permissions":{"allowNet":(true|\["example\.com:443"\])}}$/);
  },

  async "denials are bounded in number, and those left out are counted"({ dialect, run }) {
    const hosts = Array.from({ length: MAX_DENIALS + 8 }, (_, index) => `h${index}.example.com`);
    const { stdout, denials, denialsOmitted } = await run(dialect.reach(hosts));
    assertEquals(stdout, "caught\n");
    const isOneOf = denials.length === 1 && denials[0]?.target === "*";
    assertEquals(isOneOf ? MAX_DENIALS : denials.length, MAX_DENIALS);
    assertEquals(denialsOmitted, isOneOf ? undefined : 8);
  },

  async "a program that is refused nothing has no denials"({ dialect, run }) {
    const { exitCode, denials, denialsOmitted } = await run(dialect.printVariable("GIVEN"), {
      env: { GIVEN: "value" },
    });
    assertEquals([exitCode, denials, denialsOmitted], [0, [], undefined]);
  },
};
