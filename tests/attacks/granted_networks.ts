import type { Attack } from "./attack.ts";

const IMPORTS = "npm:, jsr: and https: imports";

/** An expression that gives up what does not answer: a program's own time is bounded. */
export const soon = (expression: string) =>
  `Promise.race([${expression}, new Promise((resolve) => setTimeout(resolve, 700, "no answer"))])`;

/** Addresses outside the public internet, tried by programs that may use the public internet. */
export const GRANTED_NETWORKS: readonly Attack[] = [
  {
    name: "with the internet: every name of this machine",
    permissions: { allowNet: true },
    tries: [
      ...[
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "127.1",
        "127.8.8.8",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "x.localhost",
      ],
      ...[
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[::]",
        "{{address}}",
        "{{hostname}}",
      ],
    ].map((host) => soon(`fetch("http://${host}:{{tcp}}/").then((response) => response.text())`)),
    limits: { timeoutMs: 14_000 },
  },
  {
    name: "with the internet: this machine over IPv6",
    permissions: { allowNet: true },
    tries: ["[::1]", "localhost", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "ip6-localhost"].map((host) =>
      soon(`fetch("http://${host}:{{tcp6}}/").then((response) => response.text())`)
    ),
    limits: { timeoutMs: 6_000 },
  },
  {
    name: "with the internet: raw connections to this machine",
    permissions: { allowNet: true },
    tries: [
      'Deno.connect({ hostname: "127.0.0.1", port: {{tcp}} })',
      'Deno.connect({ hostname: "::1", port: {{tcp6}} })',
      'Deno.connect({ hostname: "localhost", port: {{tcp6}} })',
      'Deno.connect({ hostname: "{{address}}", port: {{tcp}} })',
      'Deno.connect({ hostname: "0.0.0.0", port: {{tcp}} })',
      'new Promise((resolve, reject) => import("node:net").then(({ connect }) => connect({ port: {{tcp}}, host: "any.example", lookup: (_, __, done) => done(null, "127.0.0.1", 4) }).on("connect", resolve).on("error", reject)))',
      'new Promise((resolve, reject) => import("node:net").then(({ connect }) => connect({ port: {{tcp}}, host: "any.example", lookup: (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) }).on("connect", resolve).on("error", reject)))',
      'import("node:dgram").then(({ createSocket }) => new Promise((resolve) => createSocket({ type: "udp4", lookup: (_, __, done) => done(null, "127.0.0.1", 4) }).on("error", resolve).send("x", {{udp}}, "any.example", resolve)))',
    ].map(soon),
    limits: { timeoutMs: 8_000 },
  },
  {
    name: "with the internet: sockets without a path",
    permissions: { allowNet: true },
    tries: [
      'Deno.connect({ transport: "unix", path: "\\0{{token}}" })',
      'Deno.connect({ transport: "unix", path: "{{unix}}" })',
      'Deno.connect({ transport: "unix", path: "/var/run/docker.sock" })',
      'new Promise((resolve, reject) => import("node:net").then(({ connect }) => connect("\\0{{token}}").on("connect", resolve).on("error", reject)))',
      'Deno.connect({ transport: "vsock", cid: 1, port: {{tcp}} })',
    ].map(soon),
    limits: { timeoutMs: 5_000 },
  },
  {
    name: "with the internet: modules from this machine",
    permissions: { allowNet: true },
    mechanism: IMPORTS,
    tries: [
      'import("http://127.0.0.1:{{tcp}}/x.js")',
      'import("http://localhost:{{tcp}}/x.js")',
      'import("http://[::ffff:127.0.0.1]:{{tcp}}/x.js")',
      'import("http://{{address}}:{{tcp}}/x.js")',
    ],
  },
  {
    name: "with the internet: a registry that is planted",
    permissions: { allowNet: true },
    mechanism: IMPORTS,
    files: { ".npmrc": "registry=http://127.0.0.1:{{tcp}}/\n@a:registry=http://127.0.0.1:{{tcp}}/\n" },
    tries: [soon('import("npm:@a/{{token}}")')],
  },
  {
    name: "with the internet: metadata and other private networks",
    permissions: { allowNet: true },
    tries: [
      "169.254.169.254",
      "metadata.google.internal",
      "100.100.100.200",
      "10.0.0.1",
      "192.168.0.1",
      "[fd00:ec2::254]",
    ].map((host) =>
      soon(
        `fetch("http://${host}/latest/meta-data/", { signal: AbortSignal.timeout(600) }).then((response) => response.text())`,
      )
    ),
    limits: { timeoutMs: 8_000 },
  },
  {
    name: "with one host: every other",
    permissions: { allowNet: ["example.com"] },
    tries: [
      'fetch("http://127.0.0.1:{{tcp}}/")',
      'fetch("http://example.com@127.0.0.1:{{tcp}}/")',
      'fetch("http://127.0.0.1:{{tcp}}/", { headers: { host: "example.com" } })',
      'Deno.connect({ hostname: "localhost", port: {{tcp}} })',
      'import("http://127.0.0.1:{{tcp}}/x.js")',
      'Deno.resolveDns("{{token}}.example", "A", { nameServer: { ipAddr: "127.0.0.1", port: {{udp}} } })',
    ].map(soon),
    limits: { timeoutMs: 6_000 },
  },
  {
    name: "with one port of this machine: a redirect to another",
    openNetworks: ["127.0.0.1/32"],
    permissions: { allowNet: ["127.0.0.1:{{redirect}}"] },
    tries: [
      'fetch("http://127.0.0.1:{{redirect}}/").then((response) => response.text())',
      'import("http://127.0.0.1:{{redirect}}/x.js")',
      'new Promise((resolve) => { const socket = new WebSocket("ws://127.0.0.1:{{redirect}}/"); socket.onerror = () => resolve("refused"); })',
    ].map(soon),
    limits: { timeoutMs: 5_000 },
  },
  {
    name: "with one network opened: a redirect to another",
    openNetworks: ["127.0.0.1/32"],
    permissions: { allowNet: true },
    tries: ['fetch("http://127.0.0.1:{{redirectAway}}/").then((response) => response.text())'].map(soon),
  },
];
