import { alike, type Attack, type AttackTable, type Control, everywhere, WITH_FLAGS_ALONE } from "./attack.ts";
import { GRANTED_NETWORKS, soon } from "./granted_networks.ts";
import { REMOTE_IMPORTS } from "./remote_imports.ts";

/** A program's own time is bounded: what does not answer is given up. */
const SHORT = { timeoutMs: 2_500 };
const CONNECTIONS: readonly Attack[] = [
  ...alike([
    {
      name: "fetch, by every name of this machine",
      tries: [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f000001",
        "x.localhost",
        "[::ffff:127.0.0.1]",
      ]
        .map((host) => soon(`fetch("http://${host}:{{tcp}}/").then((response) => response.text())`)),
      limits: { timeoutMs: 8_000 },
      trips: "connection",
    },
    { name: "fetch over IPv6", tries: [soon('fetch("http://[::1]:{{tcp6}}/")')], trips: "connection" },
    {
      name: "a WebSocket and an EventSource",
      code:
        `for (const open of [() => new WebSocket("ws://127.0.0.1:{{tcp}}/"), () => new EventSource("http://127.0.0.1:{{tcp}}/")])
        try { const opened = open(); opened.onerror = () => opened.close(); } catch (error) { console.log("refused", error.message); }
      setTimeout(() => Deno.exit(0), 300);`,
      trips: "connection",
    },
    {
      name: "Deno.connect and its kin",
      tries: [
        'Deno.connect({ hostname: "127.0.0.1", port: {{tcp}} })',
        "Deno.connect({ port: {{tcp}} })",
        soon('Deno.connectTls({ hostname: "127.0.0.1", port: {{tcp}} })'),
      ],
      trips: "connection",
    },
    {
      name: "node:net, node:http, node:tls and node:http2",
      code:
        `import * as net from "node:net"; import * as http from "node:http"; import * as tls from "node:tls"; import * as http2 from "node:http2";
      for (const connect of [
        () => net.connect({{tcp}}, "127.0.0.1"), () => http.get("http://127.0.0.1:{{tcp}}/"),
        () => tls.connect({{tcp}}, "127.0.0.1"), () => http2.connect("http://127.0.0.1:{{tcp}}/"),
      ]) try { connect().on("error", (error) => console.log("refused", error.message)); } catch (error) { console.log("refused", error.message); }
      setTimeout(() => Deno.exit(0), 300);`,
      trips: "connection",
    },
    {
      name: "a proxy of its own",
      tries: [
        soon(
          'fetch("http://example.com/", { client: Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:{{tcp}}" } }) })',
        ),
        soon('fetch("http://a.invalid/", { proxy: "http://127.0.0.1:{{tcp}}" })'),
        soon(
          'fetch("http://example.com/", { client: Deno.createHttpClient({ proxy: { transport: "tcp", hostname: "127.0.0.1", port: {{tcp}} } }) })',
        ),
      ],
      trips: "connection",
    },
  ]),
  {
    name: "datagrams",
    code: `import { createSocket } from "node:dgram";
      try {
        const socket = createSocket("udp4");
        socket.on("error", (error) => console.log("refused", error.message));
        socket.send("x", {{udp}}, "127.0.0.1", (error) => console.log(error?.message ?? "sent"));
      } catch (error) { console.log("refused", error.message); }
      setTimeout(() => Deno.exit(0), 300);`,
    trips: "connection",
  },
  {
    name: "names that a name server of its own is asked for",
    code: `import { promises as dns } from "node:dns";
      const resolver = new dns.Resolver({ timeout: 200, tries: 1 });
      try { resolver.setServers(["127.0.0.1:{{udp}}"]); } catch (error) { console.log("refused", error.message); }
      const asked = [
        async () => await Deno.resolveDns("{{token}}.example", "A", { nameServer: { ipAddr: "127.0.0.1", port: {{udp}} } }),
        () => resolver.resolve4("{{token}}.example"),
      ];
      setTimeout(() => Deno.exit(0), 900);
      for (const ask of asked) await ask().then(console.log, (error) => console.log("refused", error.message));`,
    trips: "connection",
  },
  {
    name: "Unix sockets, by their path and without one",
    tries: [
      'Deno.connect({ transport: "unix", path: "{{unix}}" })',
      'Deno.connect({ transport: "unix", path: "\\0{{token}}" })',
      'new Promise((resolve, reject) => import("node:net").then(({ connect }) => connect("{{unix}}").on("connect", resolve).on("error", reject)))',
      'new Promise((resolve, reject) => import("node:net").then(({ connect }) => connect("\\0{{token}}").on("connect", resolve).on("error", reject)))',
      'fetch("http://localhost/", { client: Deno.createHttpClient({ proxy: { transport: "unix", path: "{{unix}}" } }) })',
    ].map(soon),
    limits: { timeoutMs: 5_000 },
    trips: "connection",
  },
  {
    name: "descriptors that it might have inherited",
    code: `import * as net from "node:net"; import * as fs from "node:fs";
      for (let fd = 3; fd < 64; fd++) {
        try { fs.writeSync(fd, "{{token}}"); } catch { /* Not this one. */ }
        try { const socket = new net.Socket({ fd }); socket.on("error", () => {}); socket.write("{{token}}"); } catch { /* Not this one. */ }
      }
      setTimeout(() => Deno.exit(0), 200);`,
  },
  {
    name: "an inspector that listens",
    code: `import inspector from "node:inspector";
      try { inspector.open({{tcp6}}, "127.0.0.1"); } catch (error) { console.log("refused", error.message); }
      try { Deno.listen({ port: 0 }); console.log("listening"); } catch (error) { console.log("refused", error.message); }
      try { Deno.serve({ port: 0 }, () => new Response()); console.log("listening"); } catch (error) { console.log("refused", error.message); }
      setTimeout(() => Deno.exit(0), 200);`,
  },
];

const PYTHON_SOCKETS = `import socket
attempts = [
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {{tcp}})), (socket.AF_INET, socket.SOCK_STREAM, ("{{address}}", {{tcp}})),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", {{tcp6}})), (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", {{udp}})),
    (socket.AF_INET, socket.SOCK_DGRAM, ("{{address}}", {{udp}})), (socket.AF_UNIX, socket.SOCK_STREAM, "{{unix}}"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\\0{{token}}"), (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"),
    (getattr(socket, "AF_VSOCK", 40), socket.SOCK_STREAM, (2, 1024)),
]
for family, kind, address in attempts:
    try:
        with socket.socket(family, kind) as opened:
            opened.settimeout(0.5)
            opened.connect(address)
            opened.send(b"GET / HTTP/1.0\\r\\n\\r\\n")
            print(opened.recv(1000))
    except Exception as error: print("refused", error)
for gateway in ("172.17.0.1", "172.18.0.1", "10.0.2.2"):
    try: socket.create_connection((gateway, {{tcp}}), 0.3); print("connected")
    except Exception as error: print("refused", error)
`;

const OTHERS: readonly Attack[] = [
  {
    name: "sockets of every family, by a shell's Python",
    language: "shell",
    steps: [{ shell: ["python3", "-c", PYTHON_SOCKETS] }],
    limits: { timeoutMs: 6_000 },
    trips: "connection",
  },
  {
    name: "a shell's own ways to the network",
    language: "shell",
    steps: [{
      shell: [
        "bash",
        "-c",
        "exec 3<>/dev/tcp/127.0.0.1/{{tcp}} && cat <&3; echo x >/dev/udp/127.0.0.1/{{udp}}; curl -m 1 http://127.0.0.1:{{tcp}}/ http://{{address}}:{{tcp}}/",
      ],
    }],
    trips: "connection",
  },
  {
    name: "sockets of every family, by Python",
    language: "python",
    code: PYTHON_SOCKETS,
    limits: { timeoutMs: 6_000 },
    trips: "connection",
  },
  {
    name: "Node's ways to the network",
    language: "node",
    code: `const net = require("net");
      for (const target of [[{{tcp}}, "127.0.0.1"], [{{tcp}}, "{{address}}"], [{{tcp}}, "172.17.0.1"], [{{tcp}}, "host.docker.internal"], ["{{unix}}"], ["\\0{{token}}"]])
        net.connect(...target).on("error", (error) => console.log("refused", error.message)).on("data", (data) => console.log(String(data)));
      setTimeout(() => process.exit(0), 600);`,
    trips: "connection",
  },
];

const CONTROLS: readonly Control[] = [
  {
    name: "a connection is seen where that is granted",
    seenBy: "connection",
    openNetworks: ["127.0.0.1/32"],
    permissions: { allowNet: ["127.0.0.1:{{tcp}}"] },
    refusals: WITH_FLAGS_ALONE,
    code: 'await fetch("http://127.0.0.1:{{tcp}}/");',
  },
  {
    name: "a redirect to what is granted is followed",
    seenBy: "connection",
    openNetworks: ["127.0.0.1/32"],
    permissions: { allowNet: ["127.0.0.1:{{redirect}}", "127.0.0.1:{{tcp}}"] },
    refusals: WITH_FLAGS_ALONE,
    code: 'await fetch("http://127.0.0.1:{{redirect}}/");',
  },
  {
    // No environment is let through to this machine, whatever the operator opens: its packet filter refuses that.
    name: "sockets of every family, by Python that nothing holds",
    language: "python",
    seenBy: "connection",
    steps: [{ unheld: ["python3", "-c", PYTHON_SOCKETS] }],
  },
];

/** Connections, datagrams and modules from elsewhere. */
export const NETWORK_ATTACKS: AttackTable = {
  category: "network",
  attacks: [...everywhere(CONNECTIONS), ...REMOTE_IMPORTS, ...GRANTED_NETWORKS, ...OTHERS].map((attack) => ({
    ...attack,
    limits: { ...SHORT, ...attack.limits },
    ...(attack.permissions?.allowNet === undefined ? {} : { refusals: WITH_FLAGS_ALONE }),
  })),
  controls: CONTROLS,
};
