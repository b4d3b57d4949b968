import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { loadConfig, readClientKey, SETTINGS, variableOf } from "../src/config.ts";
import { CodeBeakerError } from "../src/core/errors.ts";
import { apiKeysSchema } from "../src/core/key_policy.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { withVariables } from "./support/variables.ts";

const KEY = "a-secret-that-nobody-may-ever-see";

Deno.test("loadConfig() has a default for every setting", () =>
  withVariables({}, async () => {
    const { host, port, minIsolation, maxConcurrent, readRoots } = await loadConfig();
    assertEquals([host, port, minIsolation, readRoots], ["127.0.0.1", 8000, 7, []]);
    assertEquals(maxConcurrent, Math.max(8, 4 * navigator.hardwareConcurrency));
  }));

Deno.test("loadConfig() lets flags win over variables, and variables over the file", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, '{"port": 1, "maxConcurrent": 2, "minIsolation": 3, "readRoots": ["/a,b"]}');
  await withVariables(
    { CODEBEAKER_MAX_CONCURRENT: "20", CODEBEAKER_MIN_ISOLATION: "8", CODEBEAKER_CONFIG: file },
    async () => {
      const config = await loadConfig({ minIsolation: "9" });
      assertEquals([config.port, config.maxConcurrent, config.minIsolation, config.readRoots], [1, 20, 9, ["/a,b"]]);
      assertEquals((await loadConfig({ readRoots: "/x,/y" })).readRoots, ["/x", "/y"]);
    },
  );
  await Deno.remove(file);
});

Deno.test("loadConfig() reads a relative home below the working directory", () =>
  withVariables({}, async () => {
    assertEquals((await loadConfig({ home: "state/../homes/a" })).home, `${Deno.cwd()}/homes/a`);
  }));

Deno.test("loadConfig() reads limits as text and as an object", async () => {
  await withVariables({ CODEBEAKER_LIMIT_DEFAULTS: "timeoutMs=30000" }, async () => {
    const { allowedHosts, limitCeilings, limitDefaults } = await loadConfig({
      limitCeilings: "timeoutMs=600000,memoryMb=8192",
      allowedHosts: "example.com,example.org:443",
    });
    assertEquals(limitCeilings, { timeoutMs: 600_000, memoryMb: 8_192 });
    assertEquals(limitDefaults, { timeoutMs: 30_000 });
    assertEquals(allowedHosts, ["example.com", "example.org:443"]);
    await assertRejects(() => loadConfig({ limitCeilings: "time=1" }), CodeBeakerError, "--limit-ceilings");
    await assertRejects(() => loadConfig({ limitCeilings: "memoryMb=x" }), CodeBeakerError, "--limit-ceilings");
  });
});

Deno.test("loadConfig() names what is off, and the nearest name of what is unknown", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, '{"prot": 1}');
  await withVariables({}, async () => {
    await assertRejects(() => loadConfig({ config: file }), CodeBeakerError, 'did you mean "port"?');
    await assertRejects(() => loadConfig({ config: "/nope.json" }), CodeBeakerError, "/nope.json");
    await assertRejects(() => loadConfig({ port: "99999" }), CodeBeakerError, "--port");
    await assertRejects(() => loadConfig({ logLevel: "inf" }), CodeBeakerError, 'did you mean "info"?');
    await assertRejects(() => loadConfig({ readRoots: "relative" }), CodeBeakerError, "absolute");
    await assertRejects(() => loadConfig({ openNetworks: "10.0.0.0/33" }), CodeBeakerError, "--open-networks");
    await assertRejects(() => loadConfig({ port: "" }), CodeBeakerError, "port");
    await assertRejects(() => loadConfig({ keepSource: "yes" }), CodeBeakerError, "--keep-source");
    await assertRejects(() => loadConfig({ auditRetentionDays: "0" }), CodeBeakerError, "--audit-retention-days");
  });
  await withVariables({ CODEBEAKER_PROT: "1" }, async () => {
    await assertRejects(() => loadConfig(), CodeBeakerError, 'did you mean "CODEBEAKER_PORT"?');
  });
  await Deno.remove(file);
});

Deno.test("every setting has a flag, a variable and a key of the file, and each is read", async () => {
  const values: Record<string, unknown> = {
    home: "/h",
    outputRetentionHours: 2,
    maxStoredOutputMb: 256,
    auditRetentionDays: 7,
    keepSource: true,
    apiKeys: [{ name: "ci", key: KEY, quota: { maxConcurrent: 2 } }],
    host: "::1",
    port: 1,
    scratch: "/s",
    logLevel: "error",
    logFormat: "pretty",
    logFile: "/var/log/service.log",
    minIsolation: 9,
    maxConcurrent: 3,
    memoryBudgetMb: 4_096,
    warmMax: 2,
    warmMemoryMb: 64,
    warmIdleMs: 5_000,
    probe: false,
    autoPrepare: true,
    maxSessions: 5,
    allowInstall: false,
    maxBodyBytes: 2_048,
    drainMs: 4,
    readRoots: ["/r"],
    writeRoots: ["/w"],
    allowOrigins: ["https://app.example"],
    openNetworks: ["10.0.0.0/8"],
    allowedHosts: ["a.example:443"],
    limitCeilings: { timeoutMs: 600_000 },
    limitDefaults: { memoryMb: 512 },
  };
  const runtimes: Record<string, Record<string, unknown>> = {
    native: {
      nativeLanguages: { tcl: { binary: "tclsh", file: "main.tcl", run: ["{binary}", "{file}"] } },
      pipIndex: "http://127.0.0.1:3141/simple/",
    },
    deno: { denoBinary: "/d", npmRegistry: "http://127.0.0.1:4873/" },
    wasm: { denoBinary: "/d", npmRegistry: "http://127.0.0.1:4873/" },
    bun: { bunBinary: "/b", npmRegistry: "http://127.0.0.1:4873/" },
    node: { nodeBinary: "/n", npmRegistry: "http://127.0.0.1:4873/" },
    isolate: { isolateReuse: false, isolateJitless: true, npmRegistry: "http://127.0.0.1:4873/" },
    docker: {
      dockerHost: "tcp://engine:2375",
      dockerCertPath: "/certs",
      dockerPull: "never",
      dockerEnvironments: { ruby: { image: "ruby:3", file: "main.rb", run: ["ruby", "{file}"] } },
    },
  };
  const inFile = Object.assign({}, values, ...Object.values(runtimes));
  assertEquals(Object.keys(inFile).toSorted(), Object.keys(SETTINGS).toSorted());
  const asText = Object.entries(inFile).map(([name, value]) =>
    [
      name,
      ["dockerEnvironments", "nativeLanguages", "apiKeys", "limitCeilings", "limitDefaults"].includes(name)
        ? JSON.stringify(value)
        : String(value),
    ] as const
  );
  const searchPath = (Deno.env.get("PATH") ?? "").split(":");
  const expected = { ...values, runtimes, searchPath, apiKeys: apiKeysSchema.parse(values["apiKeys"]) };
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify(inFile));
  await withVariables({}, async () => {
    assertEquals(await loadConfig({ config: file }), expected as never);
    assertEquals(await loadConfig(Object.fromEntries(asText)), expected as never);
  });
  const variables = Object.fromEntries(asText.map(([name, text]) => [variableOf(name), text]));
  await withVariables(variables, async () => assertEquals(await loadConfig(), expected as never));
  await Deno.remove(file);
});

Deno.test("no two declarations of a setting have the same name", () => {
  const owners = new Map<string, Set<unknown>>();
  for (const [name, setting] of RUNTIMES.flatMap(({ settings }) => Object.entries(settings))) {
    owners.set(name, (owners.get(name) ?? new Set()).add(setting));
    assertEquals([name, SETTINGS[name] === setting], [name, true]);
  }
  assertEquals([...owners].filter(([, { size }]) => size > 1), []);
});

Deno.test("loadConfig() falls back to Docker's own variables", () =>
  withVariables({ DOCKER_HOST: "tcp://engine:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" }, async () => {
    const { runtimes } = await loadConfig();
    assertEquals(runtimes["docker"], {
      dockerHost: "tcp://engine:2376",
      dockerCertPath: "/certs",
      dockerPull: "missing",
      dockerEnvironments: {},
    });
  }));

Deno.test("loadConfig() keeps no API key, and quotes none when something about it is off", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await withVariables({ CODEBEAKER_API_KEYS: `ci=${KEY}` }, async () => {
    const config = await loadConfig();
    assertEquals(config.apiKeys.map(({ name, scopes }) => [name, scopes]), [["ci", ["execute", "sessions"]]]);
    assertEquals(Deno.inspect(config, { depth: 9 }).includes(KEY), false);
  });
  const broken = [`{"apiKeys": [{"name": "ci", "key": ${KEY}}]}`, `{"apiKeys": {"ci": "${KEY}"}}`, KEY];
  await withVariables({}, async () => {
    for (const text of broken) {
      await Deno.writeTextFile(file, text);
      const { message } = await assertRejects(() => loadConfig({ config: file }), CodeBeakerError, "Cannot read");
      assertEquals([message, message.includes("secret")], [message, false]);
    }
    await assertRejects(() => loadConfig({ apiKeys: KEY }), CodeBeakerError, "--api-keys[0].name");
    await assertRejects(() => loadConfig({ apiKeys: "ci=short" }), CodeBeakerError, "--api-keys[0].key");
  });
  await withVariables({ CODEBEAKER_API_KEYS: KEY }, async () => {
    await assertRejects(() => loadConfig(), CodeBeakerError, "CODEBEAKER_API_KEYS[0]");
  });
  await Deno.remove(file);
});

Deno.test("loadConfig() takes allowOrigins as browsers spell an origin, and refuses anything else", async () => {
  const listed = ["https://app.example", "http://localhost:3000", "http://[::1]:8080"];
  await withVariables({}, async () => {
    assertEquals((await loadConfig({ allowOrigins: listed.join(",") })).allowOrigins, listed);
    for (
      const wrong of [
        "*",
        "https://app.example/",
        "app.example",
        "HTTPS://APP.example",
        "https://a:443",
        "null",
        "file://",
      ]
    ) {
      const error = await assertRejects(() => loadConfig({ allowOrigins: wrong }), CodeBeakerError);
      assertStringIncludes(error.message, "--allow-origins");
    }
  });
});

Deno.test("loadConfig() leaves the key of a client alone, which is no setting", () =>
  withVariables({ CODEBEAKER_CLIENT_KEY: "cb_1" }, async () => {
    assertEquals([(await loadConfig()).port, readClientKey()], [8000, "cb_1"]);
    assertEquals("clientKey" in SETTINGS, false);
  }));
