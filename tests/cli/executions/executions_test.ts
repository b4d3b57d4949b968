import { assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { appOf } from "../../server/support/app_of.ts";
import { fetchFrom, runHere } from "../../support/cli.ts";
import { fakeEngine, fakeExecution } from "../../support/fake_ports.ts";

/** Answers each request with the next answer, and keeps what was asked. */
function answering(...answers: readonly unknown[]) {
  const asked: URL[] = [];
  const fetch = (url: string) => Promise.resolve(Response.json(answers[asked.push(new URL(url)) - 1]));
  return { asked, fetch };
}

Deno.test("codebeaker executions list prints pages of a service as one table, up to its limit", async () => {
  const row = (id: string) => ({ id, status: "ended", language: "python", runtime: "one", createdAt: "2026-01-01" });
  const { asked, fetch } = answering(
    { executions: [row("exec_3"), row("exec_2")], nextCursor: "next" },
    { executions: [row("exec_1")], nextCursor: "more" },
  );
  const args = ["executions", "list", "--limit", "3", "--status", "ended", "--session", "sess_1"];
  const { code, stdout, stderr } = await runHere(args, { fetch });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n").map((line) => line.split(/ {2,}/)), [
    ["ID", "STATUS", "LANGUAGE", "RUNTIME", "CREATED", "SESSION"],
    ...["exec_3", "exec_2", "exec_1"].map((id) => [id, "ended", "python", "one", "2026-01-01", "-"]),
    [""],
  ]);
  const filter = "sessionId=sess_1&status=ended";
  assertEquals(asked.map(({ pathname, search }) => pathname + search), [
    `/v1/executions?${filter}&limit=3`,
    `/v1/executions?${filter}&limit=1&cursor=next`,
  ]);
});

Deno.test("codebeaker executions list --json prints the list, and where it goes on", async () => {
  const page = { executions: [{ id: "exec_1", status: "running", extra: 1 }], nextCursor: "next" };
  const { stdout } = await runHere(["executions", "list", "--limit", "1", "--json"], answering(page));
  assertEquals(JSON.parse(stdout), page);
  for (const limit of ["0", "-1", "x", "1.5"]) {
    const { code, stderr } = await runHere(["executions", "list", `--limit=${limit}`]);
    assertEquals([limit, code], [limit, 2]);
    assertStringIncludes(stderr, "--limit must be a whole number above 0");
  }
});

Deno.test("codebeaker executions show tells an execution that ended, runs, or could not be run", async () => {
  const show = (engine: Parameters<typeof fakeEngine>[0], ...flags: readonly string[]) =>
    runHere(["executions", "show", "exec_1", ...flags], { fetch: fetchFrom(appOf({ engine: fakeEngine(engine) })) });
  const execution = fakeExecution({ stdout: "out\n", stderr: "err", outcome: { kind: "exited", exitCode: 3 } });
  const ended = { report: () => Promise.resolve({ status: "ended", execution } as const) };
  const { code, stdout } = await show(ended);
  assertEquals(code, 0);
  for (const text of [/^id +exec_1$/m, /^status +ended$/m, /^outcome +exited, exitCode 3$/m]) {
    assertEquals([text, text.test(stdout)], [text, true]);
  }
  assertStringIncludes(stdout, "\n\nstdout:\nout\n\nstderr:\nerr\n");
  assertEquals(JSON.parse((await show(ended, "--json")).stdout), execution);
  const error = new CodeBeakerError("busy", "Too much runs");
  const failed = { report: () => Promise.resolve({ status: "failed", id: "exec_1", error } as const) };
  assertStringIncludes((await show(failed)).stdout, "error   busy: Too much runs");
  const unknown = { report: () => Promise.reject(new CodeBeakerError("not_found", "Cannot find the execution")) };
  assertEquals(await show(unknown), { code: 1, stdout: "", stderr: "codebeaker: Cannot find the execution\n" });
});

Deno.test("codebeaker executions cancel asks the service, and says which execution it asked to end", async () => {
  const cancelled: string[] = [];
  const engine = fakeEngine({
    cancel: (_, id) => {
      if (id !== "exec_1") throw new CodeBeakerError("not_found", "Cannot find the execution");
      cancelled.push(id);
    },
  });
  const cancel = (...args: readonly string[]) =>
    runHere(["executions", "cancel", ...args], { fetch: fetchFrom(appOf({ engine })) });
  assertEquals(await cancel("exec_1"), {
    code: 0,
    stdout: "",
    stderr: "The execution exec_1 is asked to end.\n",
  });
  assertEquals(JSON.parse((await cancel("exec_1", "--json")).stdout), { id: "exec_1", cancelRequested: true });
  assertEquals((await cancel("a/../b")).code, 1);
  assertEquals(cancelled, ["exec_1", "exec_1"]);
});
