import { assertEquals } from "@std/assert";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { readStderrDenials } from "../../../src/runtimes/denials/stderr_denials.ts";

function rows(stderr: string, permissions: Partial<PermissionSettings> = {}): string[] {
  const policy = { permissions: { ...NO_PERMISSIONS, ...permissions }, openNetworks: ["10.1.0.0/16"] };
  return readStderrDenials(stderr, policy).map(({ kind, target, at, grant }) =>
    `${kind} ${target}${at === undefined ? "" : ` at ${at}`} ${grant === undefined ? "-" : JSON.stringify(grant)}`
  );
}

const OPENED = '{"allowNet":true}';

Deno.test("readStderrDenials() reads the messages of languages and tools about a missing network", () => {
  const said: Readonly<Record<string, string>> = {
    "socket.gaierror: [Errno -3] Temporary failure in name resolution": "*",
    "OSError: [Errno 101] Network is unreachable": "*",
    "OSError: [Errno 97] Address family not supported by protocol": "*",
    "Error: connect EAFNOSUPPORT 8.8.8.8:53 - Local (undefined:undefined)": "8.8.8.8:53",
    "curl: (7) Failed to open socket: Address family not supported by protocol": "*",
    "Error: getaddrinfo EAI_AGAIN example.com": "example.com",
    "  [cause]: Error: getaddrinfo ENOTFOUND example.com": "example.com",
    "Error: connect ENETUNREACH 10.1.0.1:80 - Local (0.0.0.0:0)": "10.1.0.1:80",
    "error: Uncaught (in promise) NetworkUnreachable: Network is unreachable (os error 101)": "*",
    "Caused by: Error: error sending request for url (https://example.com/x): client error (Connect): dns error: failed to lookup":
      "example.com:443",
    "panic: dial tcp: lookup example.com on 127.0.0.1:53: no such host": "example.com",
    "panic: dial tcp 8.8.8.8:53: connect: network is unreachable": "8.8.8.8:53",
    "main.sh: connect: Network is unreachable": "*",
    "curl: (6) Could not resolve host: example.com": "example.com",
    "wget: unable to resolve host address ‘example.com’": "example.com",
    "fatal: unable to access 'https://example.com/x/': Could not resolve host: example.com": "example.com:443",
    "\x1b[31merror\x1b[0m: getaddrinfo EAI_AGAIN exa\x1b[0mmple.com": "example.com",
  };
  for (const [line, target] of Object.entries(said)) {
    assertEquals([line, rows(`before\n${line}\nafter`)], [line, [`net ${target} ${OPENED}`]]);
    assertEquals([line, rows(line, { allowNet: true })], [line, []]);
  }
  assertEquals(rows("/workspace/main.sh: line 3: example.com: Temporary failure in name resolution"), [
    `net example.com at main.sh:3 ${OPENED}`,
  ]);
  assertEquals(rows("main.sh: line 3: /dev/tcp/8.8.8.8/80: Network is unreachable"), [
    `net 8.8.8.8:80 at main.sh:3 ${OPENED}`,
  ]);
});

Deno.test("readStderrDenials() ignores names that only contain the word of a denial", () => {
  const said = [
    "FileNotFoundError: [Errno 2] No such file or directory: '/data.csv'",
    "ModuleNotFoundError: No module named 'numpy'",
    "Uncaught PageNotFoundError: x",
    "panic: resourceNotFound",
    "__main__.FilePermissionError: /etc/x: no",
    "MyEROFSError: /etc/x: no",
    "TooManyEACCESS: /etc/x: no",
  ];
  for (const line of said) assertEquals([line, rows(line)], [line, []]);
});

Deno.test("readStderrDenials() grants nothing for private addresses, which no request opens", () => {
  assertEquals(rows("Error: connect ENETUNREACH 10.2.0.1:80"), ["net 10.2.0.1:80 -"]);
  for (const permissions of [{}, { allowNet: true }]) {
    assertEquals(rows("Error: connect ECONNREFUSED 10.2.0.1:80", permissions), ["net 10.2.0.1:80 -"]);
    for (const own of ["127.0.0.1:80", "10.1.0.1:80", "8.8.8.8:80", "nobody"]) {
      assertEquals([own, rows(`Error: connect ECONNREFUSED ${own}`, permissions)], [own, []]);
    }
  }
});

Deno.test("readStderrDenials() reads denials of the file system and the kernel", () => {
  const said: Readonly<Record<string, string>> = {
    "OSError: [Errno 30] Read-only file system: '/etc/x'": "write /etc/x -",
    "Error: EROFS: read-only file system, open '/etc/x'": "write /etc/x -",
    "error: Uncaught (in promise) Error: Read-only file system (os error 30): writefile '/etc/x'": "write /etc/x -",
    "touch: cannot touch '/etc/x': Read-only file system": "write /etc/x -",
    "mkdir: cannot create directory ‘/x’: Read-only file system": "write /x -",
    "panic: open /etc/x: read-only file system": "write /etc/x -",
    "PermissionError: [Errno 1] Operation not permitted": "capability * -",
    "PermissionError: [Errno 1] Operation not permitted: '/workspace'": "capability /workspace -",
    "chown: changing ownership of '/workspace': Operation not permitted": "capability /workspace -",
    "Error: EACCES: permission denied, open '/root/x'": "read /root/x -",
  };
  for (const [line, row] of Object.entries(said)) assertEquals([line, rows(line)], [line, [row]]);
  assertEquals(rows("/workspace/main.sh: line 7: /etc/x: Read-only file system"), ["write /etc/x at main.sh:7 -"]);
  assertEquals(rows("PermissionError: [Errno 13] Permission denied: '/workspace/own'"), []);
});

Deno.test("readStderrDenials() finds the place in the stack before or after the message", () => {
  const python = [
    "Traceback (most recent call last):",
    '  File "/workspace/main.py", line 9, in <module>',
    "    f()",
    '  File "/workspace/lib/a.py", line 3, in f',
    '    open("/etc/x", "w")',
    "    ~~~~^^^^^^^^^^^^^^^",
    "OSError: [Errno 30] Read-only file system: '/etc/x'",
  ];
  assertEquals(rows(python.join("\n")), ["write /etc/x at lib/a.py:3 -"]);
  const node = [
    "Error: EROFS: read-only file system, open '/etc/x'",
    "    at Object.writeFileSync (node:fs:2380:20)",
    "    at f (/workspace/main.js:2:4)",
    "    at Object.<anonymous> (/workspace/main.js:5:1) {",
    "  code: 'EROFS',",
  ];
  assertEquals(rows(node.join("\n")), ["write /etc/x at main.js:2:4 -"]);
  const deno = [
    "error: Uncaught (in promise) TypeError: fetch failed",
    "    at async file:///workspace/main.ts:1:1",
    "Caused by: Error: error sending request for url (http://example.com/): dns error: x",
  ];
  assertEquals(rows(deno.join("\n")), [`net example.com:80 at main.ts:1:1 ${OPENED}`]);
});

Deno.test("readStderrDenials() finds no denial in ordinary output, and reads a bounded part of a flood", () => {
  assertEquals(rows("Permission denied\nconnection refused\nread /etc/x\nnot allowed"), []);
  const line = "OSError: [Errno 101] Network is unreachable\n";
  assertEquals(rows(line.repeat(100_000)).length <= 400, true);
  assertEquals(rows(`${"x".repeat(1_000_000)}Network is unreachable`), []);
});

Deno.test("readStderrDenials() promises no remedy to a program that wants to serve", () => {
  const python = '  File "/usr/lib/python3.13/socketserver.py", line 453, in __init__\n' +
    "OSError: [Errno 97] Address family not supported by protocol";
  const node = "Error: listen EAFNOSUPPORT: address family not supported 0.0.0.0:3000";
  for (const stderr of [python, node]) {
    assertEquals(rows(stderr).map((row) => row.replace(/ at \S+/, "")), ["net * -"]);
  }
});
