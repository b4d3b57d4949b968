import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { addKey, openKeyring } from "../server/support/keyring.ts";
import { appOf } from "../server/support/app_of.ts";
import { fakeEngine } from "../support/fake_ports.ts";
import { fetchFrom, runHere } from "../support/cli.ts";

const URL_FLAG = ["--url", "http://127.0.0.1:8000"];
const NO_RUNTIMES = fakeEngine({ describeRuntimes: () => Promise.resolve([]) });

Deno.test("ServiceClient sends its key, and says which key a service asks for", async () => {
  const keys = openKeyring();
  const { headers } = addKey(keys);
  const key = headers.authorization.replace("Bearer ", "");
  const fetch = fetchFrom(appOf({ keys, engine: NO_RUNTIMES }));
  const opened = await runHere(["runtimes", ...URL_FLAG, "--json", "--key", key], { fetch });
  assertEquals([opened.code, JSON.parse(opened.stdout)], [0, { runtimes: [] }]);
  const table: [string[], string][] = [[[], "asks for a key"], [["--key", "cb_other"], "refuses this key"]];
  for (const [flags, hint] of table) {
    const { code, stdout, stderr } = await runHere(["runtimes", ...URL_FLAG, ...flags], { fetch });
    assertEquals([flags, code, stdout], [flags, 1, ""]);
    assertStringIncludes(stderr, hint);
    assertStringIncludes(stderr, "CODEBEAKER_CLIENT_KEY");
  }
});

Deno.test("ServiceClient says what is wrong with a URL, a key or the answer of another service", async () => {
  const answer = (response: () => Response) => () => Promise.resolve(response());
  const table: [string[], () => Promise<Response>, number, string][] = [
    [["--url", "localhost"], answer(() => Response.json({})), 2, "--url must be a URL"],
    [["--url", "ftp://a"], answer(() => Response.json({})), 2, "--url must be a URL"],
    [["--url", "http://a?b=c"], answer(() => Response.json({})), 2, "--url must be a URL"],
    [[...URL_FLAG, "--key", "a\nb"], answer(() => Response.json({})), 2, "printable ASCII"],
    [URL_FLAG, () => Promise.reject(new TypeError("connection refused")), 1, 'start one with "codebeaker serve"'],
    [URL_FLAG, answer(() => new Response("<html>")), 1, "not one of CodeBeaker"],
    [URL_FLAG, answer(() => Response.json({ runtimes: 1 })), 1, "not one of CodeBeaker"],
    [URL_FLAG, answer(() => new Response("no", { status: 404 })), 1, "status 404"],
  ];
  for (const [flags, fetch, exitCode, hint] of table) {
    const { code, stdout, stderr } = await runHere(["runtimes", ...flags], { fetch });
    assertEquals([flags, code, stdout], [flags, exitCode, ""]);
    assertStringIncludes(stderr, hint);
    assert(!stderr.includes("a\nb"));
  }
});
