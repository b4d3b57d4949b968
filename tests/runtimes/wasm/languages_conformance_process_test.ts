import { wasm } from "../../../src/runtimes/wasm/entry.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";
import { runtimeOf } from "../../support/runtime_of.ts";
import { testLanguage } from "../conformance_suites.ts";

// Each of these interpreters and compilers has a host script of its own, on the start code with which a module passes the full
// suite. How their hostile programs end is tried in tests/attacks/attack_wasm_languages_test.ts.
const LANGUAGES = ["ruby", "prolog", "c", "php"];

const { host, runtime } = await openRuntime((host) => runtimeOf(wasm, host));
for (const language of LANGUAGES) {
  if (!isPresent(`wasm/${language}`, await testedAvailability(runtime, language))) continue;
  await testLanguage({ entry: wasm, host, runtime }, { language, suite: "of_language" });
}
