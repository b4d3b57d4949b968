import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ContextsPort } from "../../../src/sessions/port.ts";
import { submitted, TESTER } from "../../support/fake_ports.ts";
import { ask, type DoorParts } from "./door.ts";

const CONTEXT = { id: "ctx_1", language: "typescript", createdAt: "2026-01-01T00:00:00.000Z" };
const PATH = "/v1/sessions/sess_1/contexts";

function unexpected(): never {
  throw new Error("not expected");
}

function doorWith(parts: Partial<ContextsPort>): DoorParts {
  const port = {
    create: unexpected,
    findDefault: unexpected,
    submit: unexpected,
    list: unexpected,
    interrupt: unexpected,
    close: unexpected,
    ...parts,
  };
  return {
    sessions: {
      contexts(caller, id) {
        assertEquals([caller, id], [TESTER, "sess_1"]);
        return port;
      },
    },
  };
}

Deno.test("POST /v1/sessions/{id}/contexts opens one and says where it is", async () => {
  const languages: unknown[] = [];
  const parts = doorWith({
    create(language) {
      languages.push(language);
      return Promise.resolve(CONTEXT);
    },
  });
  const opened = await ask(parts, `POST ${PATH}`, { body: {} });
  assertEquals([opened.status, opened.headers.get("location"), opened.body], [201, `${PATH}/ctx_1`, CONTEXT]);
  await ask(parts, `POST ${PATH}`, { body: { language: "ts" } });
  assertEquals(languages, [undefined, "typescript"]);
  assertEquals((await ask(parts, `POST ${PATH}?x=1`, { body: {} })).status, 400);
});

Deno.test("GET /v1/sessions/{id}/contexts lists them", async () => {
  const parts = doorWith({ list: () => [CONTEXT] });
  const { status, body } = await ask(parts, `GET ${PATH}`);
  assertEquals([status, body], [200, { contexts: [CONTEXT] }]);
  assertEquals((await ask(parts, `GET ${PATH}?limit=1`)).status, 400);
});

Deno.test("POST …/contexts/{cid}/executions answers as an execution does, and streams as one", async () => {
  const parts = doorWith({
    submit(id, request, options = {}) {
      assertEquals([id, request], ["ctx_1", { code: "1", limits: { timeoutMs: undefined }, explain: false }]);
      return Promise.resolve(submitted(options, (print) => print("out")));
    },
  });
  assertEquals((await ask(parts, `POST ${PATH}/ctx_1/executions`, { body: { code: "1" } })).body.id, "exec_1");
  const later = await ask(parts, `POST ${PATH}/ctx_1/executions`, {
    body: { code: "1" },
    headers: { prefer: "respond-async" },
  });
  assertEquals([later.status, later.headers.get("location")], [202, "/v1/executions/exec_1"]);
  assertEquals((await ask(parts, `POST ${PATH}/ctx_1/executions`, { body: {} })).status, 400);
});

Deno.test("a context is interrupted and closed, and an unknown one is 404", async () => {
  const parts = doorWith({
    interrupt: () => false,
    close: (id) =>
      id === "ctx_1" ? Promise.resolve() : Promise.reject(new CodeBeakerError("not_found", "Cannot find it")),
  });
  assertEquals((await ask(parts, `POST ${PATH}/ctx_1/interrupt`)).body, { interrupted: false });
  assertEquals((await ask(parts, `DELETE ${PATH}/ctx_1`)).status, 204);
  assertEquals((await ask(parts, `DELETE ${PATH}/ctx_2`)).status, 404);
});
