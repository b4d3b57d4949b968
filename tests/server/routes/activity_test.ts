import { assertEquals } from "@std/assert";
import { activitySchema } from "../../../src/core/answers/activity.ts";
import { ACTIVITY } from "../../../src/server/openapi/examples.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

Deno.test("GET /v1/activity shows the figures of all tenants to keys with the scope admin alone", async () => {
  const keys = openKeyring();
  const app = appOf({ keys, activity: { read: () => ACTIVITY } });
  const ask = async (headers: Record<string, string>) => {
    const init = { headers: { host: "localhost:8000", ...headers } };
    const answer = await app.request("http://localhost:8000/v1/activity", init, LOCAL);
    return [answer.status, await answer.json()] as const;
  };
  assertEquals(await ask({}), [200, ACTIVITY]); // Without keys, the local user is the administrator.
  const { headers: plain } = addKey(keys, { name: "plain", scopes: ["execute", "sessions"] });
  const { headers: admin } = addKey(keys, { name: "admin", scopes: ["admin"] });
  const { runtimes, service, ...others } = ACTIVITY;
  assertEquals(await ask(plain), [200, others]);
  assertEquals(await ask(admin), [200, { ...others, service, runtimes }]);
  assertEquals((await ask({}))[0], 401);
  activitySchema.parse(others);
});
