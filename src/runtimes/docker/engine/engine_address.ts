import { join } from "@std/path";
import { CodeBeakerError, messageOf } from "../../../core/errors.ts";

/** Where an Engine listens. */
export type EngineAddress =
  | { readonly kind: "unix"; readonly socketPath: string }
  | {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
    /** The directory with the client's certificates; absent, the connection is not encrypted. */
    readonly certPath?: string;
  };

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * An address as `DOCKER_HOST` gives it: `unix://path` or `tcp://host[:port]` (also `http://` and `https://`).
 *
 * @throws {CodeBeakerError} `invalid_request` for any other scheme, and for `https` without certificates
 */
export function parseEngineAddress(host: string, certPath: string | undefined): EngineAddress {
  if (host.startsWith("unix://")) return { kind: "unix", socketPath: host.slice("unix://".length) };
  const [, place] = /^(?:tcp|https?):\/\/(.+)$/.exec(host) ?? [];
  // Of a scheme of the web's a URL would leave out the port that is usual there.
  const url = place !== undefined && URL.canParse(`tcp://${place}`) ? new URL(`tcp://${place}`) : undefined;
  if (url === undefined || url.hostname === "") {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot use the Docker host as it must be unix://path or tcp://host:port: current value is ${
        JSON.stringify(host)
      }`,
    );
  }
  if (host.startsWith("https:") && certPath === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot use the Docker host ${host} as it takes certificates: name their directory (--docker-cert-path)`,
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

/** Says why nobody can listen at an address, as far as that is known without asking; a socket that is not there tells it. */
export async function whyUnreachable(address: EngineAddress): Promise<string | undefined> {
  if (address.kind === "tcp") return undefined;
  try {
    const { isSocket } = await Deno.stat(address.socketPath);
    return isSocket ? undefined : `${address.socketPath} is no socket`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `there is no Docker socket at ${address.socketPath}`;
    return `the Docker socket cannot be used: ${messageOf(error)}`;
  }
}

/** The client's certificates, under the names that Docker gives them. */
export async function readCertificates(directory: string): Promise<{ ca: string; cert: string; key: string }> {
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => Deno.readTextFile(join(directory, name))),
  );
  return { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
}
