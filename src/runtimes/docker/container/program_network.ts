import { closedNetworks } from "../../../core/permissions/private_networks.ts";
import { messageOf } from "../../../core/errors.ts";
import { isMissingTool, runTool } from "../../../process/run_tool.ts";
import { Probe } from "../../self_test/probe.ts";
import type { EngineAddress } from "../engine/engine_address.ts";
import type { EngineNetworks } from "../engine/engine_networks.ts";

const PROBE = { ttlMs: 30_000, failureTtlMs: 5_000, timeoutMs: 5_000 };

/** The files that list the resolvers of a host. The second is that of systemd-resolved, which Docker reads too. */
const RESOLVER_FILES = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
const DNS_PORT = 53;
/** How long setting the rules may take, with the wait for iptables' lock. */
const APPLY_MS = 10_000;

/**
 * Sets the rules of a network at once, and hooks them into the packet filter. `DOCKER-USER` filters forwarded packets
 * before Docker's own rules; `INPUT` filters packets to this host.
 */
const APPLY = `set -e
[ -d "/sys/class/net/$2" ] || { echo "the Engine's network is not on this host" >&2; exit 1; }
printf '%s' "$1" | iptables-restore --noflush -w
iptables -w -C DOCKER-USER -i "$2" -j "$3" 2>/dev/null || iptables -w -I DOCKER-USER -i "$2" -j "$3"
iptables -w -C INPUT -i "$2" -j REJECT 2>/dev/null || iptables -w -I INPUT -i "$2" -j REJECT`;

/** The Engine of a network, and the policy for it. */
export interface ProgramNetworkOptions {
  readonly networks: Pick<EngineNetworks, "ensure">;
  readonly address: EngineAddress;
  /** Private IPv4 networks (CIDR) that the operator opened. */
  readonly openNetworks: readonly string[];
}

/**
 * The Engine's network for programs that may reach the public internet. This host's packet filter closes the host itself
 * and every private network to them, so the service must be root on the Engine's host.
 */
export class ProgramNetwork {
  readonly #options: ProgramNetworkOptions;
  readonly #probe = new Probe((signal) => this.#tryFilter(signal), PROBE);

  constructor(options: ProgramNetworkOptions) {
    this.#options = options;
  }

  /** Why private networks cannot be closed to programs here; undefined when they can. */
  async whyNot(): Promise<string | undefined> {
    const answer = await this.#probe.answer();
    if (answer.available) return undefined;
    return `private networks cannot be closed to containers here: ${answer.reason}`;
  }

  /**
   * Makes the network and returns its name. Sets its rules each time, as another tool may have flushed them.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  async ensure(): Promise<string> {
    const closed = closedNetworks(this.#options.openNetworks);
    const resolvers = await readResolvers();
    // The name depends on the rules, so that services with different policies never share a network.
    const tag = await digest([...closed, "resolvers", ...resolvers].join(" "));
    const [name, bridge, chain] = [`codebeaker-${tag}`, `cb${tag}`, `CODEBEAKER-${tag}`];
    await this.#options.networks.ensure(name, { bridge });
    await runTool({
      argv: ["sh", "-c", APPLY, "apply", rules(chain, { closed, resolvers }), bridge, chain],
      signal: AbortSignal.timeout(APPLY_MS),
    });
    return name;
  }

  async #tryFilter(signal: AbortSignal): Promise<void> {
    if (this.#options.address.kind !== "unix") throw new Error("the Docker Engine is on another host");
    if (Deno.uid() !== 0) throw new Error("the service is not root, and cannot set packet filter rules");
    try {
      await runTool({ argv: ["iptables", "-w", "-n", "-L", "DOCKER-USER"], signal });
    } catch (error) {
      throw new Error(isMissingTool(error) ? "iptables is not installed" : messageOf(error), { cause: error });
    }
  }
}

/** A chain of rules in the format of iptables-restore(8). */
export function rules(
  chain: string,
  { closed, resolvers }: { readonly closed: readonly string[]; readonly resolvers: readonly string[] },
): string {
  const lines = [
    "*filter",
    `:${chain} - [0:0]`,
    ...["udp", "tcp"].flatMap((protocol) =>
      resolvers.map((address) => `-A ${chain} -p ${protocol} -d ${address} --dport ${DNS_PORT} -j RETURN`)
    ),
    ...closed.map((network) => `-A ${chain} -d ${network} -j REJECT`),
    "COMMIT",
    "",
  ];
  return lines.join("\n");
}

/** The IPv4 resolvers of this host that a container can reach. */
async function readResolvers(): Promise<string[]> {
  const texts = await Promise.all(RESOLVER_FILES.map((path) => Deno.readTextFile(path).catch(() => ""))); // Absent: none.
  const found = texts.flatMap((text) =>
    [...text.matchAll(/^nameserver\s+([0-9.]+)\s*$/gm)].map(([, address = ""]) => address)
  );
  return [...new Set(found)].filter((address) => !address.startsWith("127.")).toSorted();
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return bytes.toHex().slice(0, 10);
}
