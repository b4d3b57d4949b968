import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import {
  type EngineAddress,
  parseEngineAddress,
  readCertificates,
  whyRefused,
  whyUnreachable,
} from "../../../../src/runtimes/docker/engine/engine_address.ts";

Deno.test("parseEngineAddress() reads every form of DOCKER_HOST", () => {
  const table: [string, EngineAddress][] = [
    ["unix:///var/run/docker.sock", { kind: "unix", socketPath: "/var/run/docker.sock" }],
    ["unix:///run/user/1000/a b%20c.sock", { kind: "unix", socketPath: "/run/user/1000/a b%20c.sock" }],
    ["tcp://docker:1234", { kind: "tcp", host: "docker", port: 1234 }],
    ["tcp://docker", { kind: "tcp", host: "docker", port: 2375 }],
    ["tcp://docker/", { kind: "tcp", host: "docker", port: 2375 }],
    ["tcp://192.0.2.1:2376", { kind: "tcp", host: "192.0.2.1", port: 2376 }],
    ["tcp://[2001:db8::1]:2375", { kind: "tcp", host: "2001:db8::1", port: 2375 }],
    ["tcp://[::1]", { kind: "tcp", host: "::1", port: 2375 }],
    ["tcp://docker:80", { kind: "tcp", host: "docker", port: 80 }],
    ["tcp://docker:443", { kind: "tcp", host: "docker", port: 443 }],
    ["http://docker:2375", { kind: "tcp", host: "docker", port: 2375 }],
    ["http://docker:80", { kind: "tcp", host: "docker", port: 80 }],
    ["http://docker", { kind: "tcp", host: "docker", port: 2375 }],
  ];
  for (const [host, address] of table) assertEquals(parseEngineAddress(host, undefined), address, host);
});

Deno.test("parseEngineAddress() takes the port of TLS by default, and the certificates, where their directory is given", () => {
  const certPath = "/certs";
  const table: [string, EngineAddress][] = [
    ["tcp://docker", { kind: "tcp", host: "docker", port: 2376, certPath }],
    ["tcp://docker:2375", { kind: "tcp", host: "docker", port: 2375, certPath }],
    ["https://docker", { kind: "tcp", host: "docker", port: 2376, certPath }],
    ["https://docker:443", { kind: "tcp", host: "docker", port: 443, certPath }],
    ["https://[::1]:1234", { kind: "tcp", host: "::1", port: 1234, certPath }],
    ["unix:///var/run/docker.sock", { kind: "unix", socketPath: "/var/run/docker.sock" }],
  ];
  for (const [host, address] of table) assertEquals(parseEngineAddress(host, certPath), address, host);
});

Deno.test("parseEngineAddress() refuses every other scheme, and quotes the refused value", () => {
  const refused = [
    ...["ssh://user@docker", "npipe:////./pipe/docker_engine", "fd://", "ftp://docker", "file:///var/run/docker.sock"],
    ...["", "/var/run/docker.sock", "docker:2375", "tcp:", "tcp://", "tcp://docker:99999", "http://", "unix:/a", "\n"],
  ];
  for (const host of refused) {
    const error = assertThrows(() => parseEngineAddress(host, undefined), CodeBeakerError, JSON.stringify(host));
    assertEquals(error.code, "invalid_request");
    assert(error.message.includes("unix://path or tcp://host:port"), host);
  }
});

Deno.test("whyUnreachable() tells an absent socket from a path that is not one, and says nothing of TCP", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "docker.sock");
    const why = async (socketPath: string) => (await whyUnreachable({ kind: "unix", socketPath }))?.reason;
    assertEquals(await why(path), `there is no Docker socket at ${path}`);
    assertEquals(await why(directory), `${directory} is not a socket`);
    await Deno.writeTextFile(join(directory, "file"), "");
    assertEquals(await why(join(directory, "file")), `${directory}/file is not a socket`);
    assert((await why(join(directory, "file", "below")))?.startsWith("the Docker socket "));
    using _listener = Deno.listen({ transport: "unix", path });
    assertEquals(await why(path), undefined);
    await Deno.symlink(path, join(directory, "link"));
    assertEquals(await why(join(directory, "link")), undefined);
    assertEquals(await whyUnreachable({ kind: "tcp", host: "docker.invalid", port: 1 }), undefined);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("whyRefused() has a remedy for a missing permission, and none for an Engine that may start yet", () => {
  const refusal = (code: string) =>
    whyRefused(Object.assign(new Error(`connect ${code}`), { code }), "/run/docker.sock");
  const denied = refusal("EACCES");
  assertEquals(denied.reason, "the service's user may not use the Docker socket /run/docker.sock");
  for (const way of ["usermod -aG docker", "DOCKER_HOST"]) assert(denied.remedy?.includes(way), way);
  assertEquals(whyRefused(new Deno.errors.PermissionDenied("no"), "/run/docker.sock"), denied);
  const stopped = refusal("ECONNREFUSED");
  assertEquals([stopped.remedy, stopped.reason.includes("systemctl start docker")], [undefined, true]);
  assertEquals(refusal("EPIPE"), { reason: "the Docker socket /run/docker.sock cannot be used: connect EPIPE" });
});

Deno.test("readCertificates() reads the three files under Docker's names, and fails when one is missing", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["ca", "cert", "key"]) await Deno.writeTextFile(join(directory, `${name}.pem`), `the ${name}`);
    assertEquals(await readCertificates(directory), { ca: "the ca", cert: "the cert", key: "the key" });
    await Deno.remove(join(directory, "key.pem"));
    await assertRejects(() => readCertificates(directory), Deno.errors.NotFound, "key.pem");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
