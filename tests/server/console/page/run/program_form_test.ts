import { assertEquals } from "@std/assert";
import type { Remedy } from "../../../../../src/core/denials/denial.ts";
import { parseExecutionRequest } from "../../../../../src/core/requests/execution_request.ts";
import {
  applyRemedy,
  describePermissions,
  emptyForm,
  NO_PERMISSIONS,
  type PermissionForm,
  toRequest,
} from "../../../../../src/server/console/page/run/program_form.ts";

Deno.test("toRequest() of an empty form names the program, its stdin and nothing else", () => {
  assertEquals(toRequest(emptyForm("python", "print(1)")), {
    language: "python",
    preference: "balanced",
    code: "print(1)",
    stdin: "",
    explain: true,
  });
});

Deno.test("toRequest() of a full form is a request that the service takes, with every field", () => {
  const request = toRequest({
    ...emptyForm("typescript", "import './a.ts'"),
    files: [{ path: "a.ts", content: "export {}", encoding: "utf8" }],
    entrypoint: "a.ts",
    args: "one\n\ntwo words\n",
    env: "NAME=a=b\n\nEMPTY=",
    stdin: "line",
    tests: [{ stdin: "1", expected: "2" }, { stdin: "3", expected: " " }],
    outputs: " out/*.png \n",
    permissions: {
      read: "/data\n",
      write: "",
      net: "listed",
      hosts: "a.example\nb.example:80",
      env: "HOST",
      run: true,
    },
    limits: { timeoutMs: "500", memoryMb: "64", cpuMs: " " },
    preference: "security",
    runtime: "some",
    minIsolation: "8",
  });
  assertEquals(request, {
    language: "typescript",
    preference: "security",
    runtime: "some",
    minIsolation: 8,
    timeoutMs: 500,
    limits: { memoryMb: 64 },
    permissions: { allowRead: ["/data"], allowEnv: ["HOST"], allowNet: ["a.example", "b.example:80"], allowRun: true },
    code: "import './a.ts'",
    files: [{ path: "a.ts", content: "export {}", encoding: "utf8" }],
    entrypoint: "a.ts",
    args: ["one", "", "two words"],
    env: { NAME: "a=b", EMPTY: "" },
    stdin: "line",
    tests: [{ stdin: "1", expected: "2" }, { stdin: "3" }],
    outputs: ["out/*.png"],
    explain: true,
  });
  assertEquals(parseExecutionRequest(request).args, ["one", "", "two words"]);
});

Deno.test("toRequest() leaves out the stdin that is typed later, and code where the files are the program", () => {
  const form = { ...emptyForm("wasm", ""), isInteractive: true };
  assertEquals("stdin" in toRequest(form), false);
  assertEquals("code" in toRequest(form), true); // The service then says what is missing.
  const file = { path: "main.wasm", content: "AGFzbQ==", encoding: "base64" as const };
  assertEquals("code" in toRequest({ ...form, files: [file] }), false);
});

Deno.test("applyRemedy() adds what a remedy grants, and takes nothing away", () => {
  const table: [form: Partial<PermissionForm>, permissions: Remedy["permissions"], granted: Partial<PermissionForm>][] =
    [
      [{}, { allowNet: ["a.example:443"] }, { net: "listed", hosts: "a.example:443" }],
      [{ net: "listed", hosts: "b.example" }, { allowNet: ["b.example", "a.example"] }, {
        net: "listed",
        hosts: "b.example\na.example",
      }],
      [{ net: "public" }, { allowNet: ["a.example"] }, { net: "public", hosts: "a.example" }],
      [{}, { allowNet: true }, { net: "public" }],
      [{ env: "HOST" }, { allowEnv: ["NAME"] }, { env: "HOST\nNAME" }],
      [{ run: true }, { allowRead: ["/a"], allowWrite: ["/b"] }, { run: true, read: "/a", write: "/b" }],
      [{}, { allowRun: true }, { run: true }],
    ];
  for (const [form, permissions, granted] of table) {
    assertEquals(applyRemedy({ ...NO_PERMISSIONS, ...form }, { permissions }), { ...NO_PERMISSIONS, ...granted });
  }
});

Deno.test("describePermissions() says in words what a program may touch", () => {
  assertEquals(describePermissions(NO_PERMISSIONS), "Only its own workspace");
  assertEquals(
    describePermissions({ ...NO_PERMISSIONS, read: "/a\n/b", net: "listed", hosts: "a.example", run: true }),
    "2 paths to read, 1 host, other programs",
  );
});
