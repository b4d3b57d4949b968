import { join } from "@std/path";
import type { Obstacle } from "../../../core/capabilities.ts";
import { CodeBeakerError, messageOf, systemCodeOf } from "../../../core/errors.ts";

/** The address of an Engine. */
export type EngineAddress =
  | { readonly kind: "unix"; readonly socketPath: string }
  | {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
    /** The directory of the client's certificates; absent, the connection is not encrypted. */
    readonly certPath?: string;
  };

/** The remedy where the Engine listens elsewhere. */
const NAME_IT = "name where it listens (DOCKER_HOST)";
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Parses an address in the form of `DOCKER_HOST`: `unix://path` or `tcp://host[:port]` (also `http://` and `https://`).
 *
 * @throws {CodeBeakerError} `invalid_request` for any other scheme, and for `https` without certificates
 */
export function parseEngineAddress(host: string, certPath: string | undefined): EngineAddress {
  if (host.startsWith("unix://")) return { kind: "unix", socketPath: host.slice("unix://".length) };
  const [, place] = /^(?:tcp|https?):\/\/(.+)$/.exec(host) ?? [];
  // With the scheme `tcp`, as a URL drops the default port of `http` and `https`.
  const url = place !== undefined && URL.canParse(`tcp://${place}`) ? new URL(`tcp://${place}`) : undefined;
  if (url === undefined || url.hostname === "") {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot use the Docker host as it must be unix://path or tcp://host:port: ${JSON.stringify(host)}`,
    );
  }
  if (host.startsWith("https:") && certPath === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot use the Docker host without certificates: name their directory (--docker-cert-path) for ${host}`,
    );
  }
  const port = url.port === "" ? (certPath === undefined ? PLAIN_PORT : TLS_PORT) : Number(url.port);
  return {
    kind: "tcp",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    ...(certPath === undefined ? {} : { certPath }),
  };
}

/** Why no Engine can listen at an address; undefined when one may. It opens no connection. */
export async function whyUnreachable(address: EngineAddress): Promise<Obstacle | undefined> {
  if (address.kind === "tcp") return undefined;
  const { socketPath } = address;
  try {
    const { isSocket } = await Deno.stat(socketPath);
    return isSocket ? undefined : { reason: `${socketPath} is not a socket`, remedy: NAME_IT };
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? { reason: `there is no Docker socket at ${socketPath}`, remedy: `install Docker Engine, or ${NAME_IT}` }
      : whyRefused(error, socketPath);
  }
}

/** Why a socket takes no connection. A missing permission needs a remedy; an absent Engine may come back by itself. */
export function whyRefused(error: unknown, socketPath: string): Obstacle {
  // An error of Deno's own API may have no such name.
  switch (error instanceof Deno.errors.PermissionDenied ? "EACCES" : systemCodeOf(error)) {
    case "EACCES":
      return {
        reason: `the service's user may not use the Docker socket ${socketPath}`,
        remedy:
          `add the user to the socket's group (sudo usermod -aG docker "$USER", then log in again), or ${NAME_IT}`,
      };
    case "ECONNREFUSED":
      return {
        reason: `no Docker Engine answers at ${socketPath}; it may have to be started (systemctl start docker)`,
      };
    default:
      return { reason: `the Docker socket ${socketPath} cannot be used: ${messageOf(error)}` };
  }
}

/** Reads the client's certificates, from files with Docker's own names. */
export async function readCertificates(directory: string): Promise<{ ca: string; cert: string; key: string }> {
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => Deno.readTextFile(join(directory, name))),
  );
  return { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
}
