import { assertEquals, assertStringIncludes } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { createKey } from "../support/keys.ts";
import { readMetrics } from "../support/metric_samples.ts";
import { openService, type OwnService } from "../support/own_service.ts";
import { RawHttp, requestHead } from "../support/raw_http.ts";
import { until } from "../support/until.ts";

/** A door of another protocol, with what an attack on it needs. */
interface AttackedDoor {
  readonly name: string;
  /** A request that runs a program. */
  readonly path: string;
  /** Its body; with a name, the program has a file of this name too. */
  body(fileName?: string): object;
  /** A scope that does not suffice for it. */
  readonly wrongScope: string;
  /** Finds the text of an error in the protocol's own form. */
  // deno-lint-ignore no-explicit-any
  errorIn(answer: any): string;
  /** The status of a refused file name, and a word of its error. */
  readonly refusedName: readonly [status: number, word: string];
  /** The status of a body that is too long. */
  readonly tooLong: number;
}

const DOORS: readonly AttackedDoor[] = [
  {
    name: "Piston",
    path: "/api/v2/execute",
    body: (name) => ({
      language: "typescript",
      version: "*",
      files: [{ content: "1" }, { name: name ?? "a", content: "" }],
    }),
    wrongScope: "sessions",
    errorIn: ({ message, ...rest }) => Object.keys(rest).length === 0 ? message : "",
    refusedName: [400, "workspace"],
    tooLong: 413,
  },
  {
    name: "codapi",
    path: "/v1/exec",
    body: (name) => ({ sandbox: "typescript", command: "run", files: { "": "1", [name ?? "a"]: "" } }),
    wrongScope: "sessions",
    errorIn: ({ id, ok, stderr }) => id === "-" && !ok ? stderr : "",
    refusedName: [200, "workspace"],
    tooLong: 413,
  },
  {
    name: "LibreChat",
    path: "/exec",
    body: (name) => ({ lang: "ts", code: "1", ...(name === undefined ? {} : { files: [{ id: "1", name }] }) }),
    wrongScope: "sessions",
    errorIn: ({ error, ...rest }) => Object.keys(rest).length === 0 ? error : "",
    refusedName: [400, "no files"],
    tooLong: 400,
  },
];

const OUTSIDE = ["../x", "/etc/x", "a/../../x", "/workspace/../x", "a\0b"];
const MAX_BODY_BYTES = 65_536;

interface World {
  readonly service: OwnService;
  /** A client with the scope of each door, and one with another. */
  readonly rightful: ApiClient;
  readonly key: string;
  scoped(door: AttackedDoor): ApiClient;
}

/** Opens a service with keys, which runs what it is sent. */
async function withWorld(test: (world: World) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const key = await createKey(home, "rightful", "--scopes", "execute,sessions,admin");
    const scopes = new Map<string, string>();
    for (const { wrongScope } of DOORS) {
      scopes.set(wrongScope, await createKey(home, wrongScope, "--scopes", wrongScope));
    }
    await using service = await openService({ home, maxBodyBytes: MAX_BODY_BYTES });
    const scoped = (door: AttackedDoor) => new ApiClient(service, scopes.get(door.wrongScope));
    await test({ service, rightful: new ApiClient(service, key), key, scoped });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function refusal(door: AttackedDoor, client: ApiClient, body: unknown, headers: Record<string, string> = {}) {
  const response = await client.ask("POST", door.path, body, headers);
  return [response.status, door.errorIn(JSON.parse(await response.text()))] as const;
}

for (const door of DOORS) {
  const body = door.body();
  Deno.test(`[${door.name}] no key, another's scope, another origin and a long body are refused in its own form`, async () => {
    await withWorld(async ({ rightful, scoped, service }) => {
      assertEquals(await rightful.status("POST", door.path, body), 200);
      const unknown = new ApiClient(service, "cb_0000_unknown");
      const long = JSON.stringify({ ...body, more: "x".repeat(MAX_BODY_BYTES) });
      const chunked = new Blob([long]).stream();
      const refused: readonly (readonly [number, string, readonly [number, string]])[] = [
        [401, "key", await refusal(door, new ApiClient(service), body)],
        [401, "key", await refusal(door, unknown, body)],
        [403, "scope", await refusal(door, scoped(door), body)],
        [403, "Origin", await refusal(door, rightful, body, { origin: "https://evil.example" })],
        [door.tooLong, "bytes", await refusal(door, rightful, long)],
        [door.tooLong, "bytes", await refusal(door, rightful, chunked)],
        [400, "deep", await refusal(door, rightful, "[".repeat(1_000))],
      ];
      for (const [status, word, [actual, error]] of refused) {
        assertEquals(actual, status);
        assertStringIncludes(error, word);
      }
    });
  });

  Deno.test(`[${door.name}] a file name that leaves the workspace runs nothing`, async () => {
    await withWorld(async ({ rightful }) => {
      for (const name of OUTSIDE) {
        const [status, error] = await refusal(door, rightful, door.body(name));
        const [refused, word] = door.refusedName;
        assertEquals([name, status, error.includes(word)], [name, refused, true], error);
      }
      assertEquals((await rightful.json("GET", "/v1/executions")).executions, []);
    });
  });

  Deno.test(`[${door.name}] half a body runs nothing, and its memory is free again`, async () => {
    await withWorld(async ({ key, rightful, service }) => {
      const text = JSON.stringify(body);
      const headers = [`Authorization: Bearer ${key}`, `Content-Length: ${text.length}`];
      const held = async () => (await readMetrics(rightful, ["codebeaker_request_bytes"]))[0];
      {
        using connection = await RawHttp.open(service);
        await connection.say(requestHead(`POST ${door.path}`, headers) + text.slice(0, -5));
        await until(async () => await held() === text.length, "half of the body is held");
      }
      await until(async () => await held() === 0, "its memory is free");
      assertEquals((await rightful.json("GET", "/v1/executions")).executions, []);
    });
  });

  Deno.test(`[${door.name}] a page whose name was rebound to this machine is refused, without keys too`, async () => {
    await using service = await openService();
    using connection = await RawHttp.open(service);
    const text = JSON.stringify(body);
    const head = requestHead(`POST ${door.path}`, [`Content-Length: ${text.length}`, "Connection: close"]);
    await connection.say(head.replace("Host: 127.0.0.1", "Host: evil.example") + text);
    const answer = await connection.readUntil();
    assertEquals(answer.split(" ")[1], "403");
    assertStringIncludes(door.errorIn(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))), "Host");
  });
}
