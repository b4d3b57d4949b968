import type { Hono } from "hono";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { type AppOptions, createApp, Mcp, ServerSockets, SOCKET_LIMITS } from "../../../src/server/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { fakeEngine, fakeSessions } from "../../support/fake_ports.ts";
import { openKeyring } from "./keyring.ts";

/** The door before parts that a test makes; those that it does not make expect nothing. */
export function appOf(parts: Partial<AppOptions> = {}): Hono<AppEnv> {
  const requests = new ByteBudget({ maxBytes: 1_073_741_824, maxOwnerBytes: 1_073_741_824 });
  const ports = { engine: fakeEngine(), sessions: fakeSessions(), observer: {} };
  return createApp({
    ...ports,
    mcp: new Mcp({ ...ports, clock: new FakeClock() }),
    keys: openKeyring(),
    metrics: { expose: () => Promise.reject(new Error("not expected")) },
    activity: { read: () => unexpected() },
    uploads: {
      receiveFile: () => Promise.reject(new Error("not expected")),
      receiveArchive: () => Promise.reject(new Error("not expected")),
    },
    sockets: new ServerSockets({ ...SOCKET_LIMITS, maxMessageBytes: 2_000 }, requests),
    maxBodyBytes: 2_000,
    allowOrigins: [],
    requests,
    missed: requests,
    ...parts,
  });
}

function unexpected(): never {
  throw new Error("not expected");
}
