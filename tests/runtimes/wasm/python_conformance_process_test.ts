import { wasm } from "../../../src/runtimes/wasm/entry.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";
import { testLanguage } from "../conformance_suites.ts";
import { runtimeOf } from "../../support/runtime_of.ts";

// An interpreter and its host script keep promises that modules, which pass the full suite, keep by other code. Python's cells have
// tests of their own: tests/runtimes/wasm/python_contexts_process_test.ts.
const { host, runtime } = await openRuntime((host) => runtimeOf(wasm, host));
if (isPresent("wasm/python", await testedAvailability(runtime, "python"))) {
  await testLanguage({ entry: wasm, host, runtime }, { language: "python", suite: "brief" });
}
