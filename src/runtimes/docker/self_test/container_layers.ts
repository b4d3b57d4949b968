import { HONEST_CANARY } from "../../self_test/canary.ts";
import type { SelfTestResult } from "../../self_test/self_test.ts";
import type { EngineInfo } from "../engine/engine_info.ts";

/** How to get gVisor. */
export const INSTALL_GVISOR =
  'install gVisor, register it in /etc/docker/daemon.json ("runtimes": {"runsc": {"path": "/usr/bin/runsc"}}), and restart the Engine';
/** How to get a filter for system calls. */
export const FILTER_CALLS = "run an Engine with its built-in seccomp profile, on a kernel that has seccomp filters";
/** How to get limits on memory and processes. */
export const LIMIT_MORE = "let the Engine use the memory and pids controllers (cgroup v2, or both of v1)";

/** A layer around programs, the canary that tests it, and its descriptions. */
export interface Layer {
  readonly name: string;
  readonly canary?: string;
  /** Whether the Engine reports it. */
  readonly isPresent: boolean;
  readonly does: string;
  /** Why it is not present. */
  readonly lacks: string;
  readonly remedy: string;
}

/** Everything that the layers depend on. */
export interface LayersRequest {
  readonly facts: EngineInfo;
  /** The self-test of gVisor; undefined where gVisor is not registered. */
  readonly gvisorSelfTest: SelfTestResult | undefined;
  /** Whether gVisor keeps all promises. */
  readonly hasGvisor: boolean;
  /** Why a container can have no network of its own; undefined when it can. */
  readonly whyNoNetwork: string | undefined;
}

/** The layers of an Engine's containers, the strongest first. */
export function layersOf({ facts, gvisorSelfTest, hasGvisor, whyNoNetwork }: LayersRequest): Layer[] {
  const hardened = (name: string, canary: string, does: string): Layer => ({
    name,
    canary,
    isPresent: true,
    does,
    lacks: "",
    remedy: "see the finding of the canary, and mend the Engine",
  });
  const { cgroupVersion, limitsMemory, limitsProcesses, mapsUsers } = facts;
  return [
    {
      name: "gvisor",
      isPresent: hasGvisor,
      does: 'a kernel of its own, for requests with "minIsolation": 10',
      lacks: gvisorSelfTest === undefined
        ? "runsc is not registered with the Engine"
        : gvisorSelfTest.kind === "failed"
        ? gvisorSelfTest.reason
        : "registered, but its self-test has not passed",
      remedy: gvisorSelfTest === undefined ? INSTALL_GVISOR : "see the findings of the canaries, and mend runsc",
    },
    hardened(
      "container",
      HONEST_CANARY,
      `Docker Engine ${facts.version}, ${facts.defaultRuntime}, Linux ${facts.kernel}`,
    ),
    hardened(
      "namespaces",
      "processes",
      `processes, mounts, network and IPC of its own${
        mapsUsers ? ", and users that have no privilege on the host" : ""
      }`,
    ),
    hardened("no_capabilities", "privileges", "nobody (65534), and every capability dropped"),
    hardened("no_new_privs", "privileges", "no exec gains a privilege"),
    {
      name: "seccomp",
      canary: "seccomp",
      isPresent: facts.hasSeccomp,
      does: "the Engine's own profile refuses calls of administrators",
      lacks: "the Engine has no seccomp profile, or an unconfined one",
      remedy: FILTER_CALLS,
    },
    hardened("read_only_root", "root", "only the workspace and /tmp can be written, in memory of bounded size"),
    {
      name: "cgroup_memory",
      canary: "memory",
      isPresent: limitsMemory,
      does: `memory without swap, with what lies in the workspace (cgroup v${cgroupVersion})`,
      lacks: "the Engine can bound no memory",
      remedy: LIMIT_MORE,
    },
    {
      name: "cgroup_processes",
      canary: "process_count",
      isPresent: limitsProcesses,
      does: `processes and threads of each container (cgroup v${cgroupVersion})`,
      lacks: "the Engine can bound no processes",
      remedy: LIMIT_MORE,
    },
    {
      name: "packet_filter",
      isPresent: whyNoNetwork === undefined,
      does: "a bridge for programs with network, from which this host and private networks are not reached",
      lacks: whyNoNetwork ?? "",
      remedy: "run the service as root on the Engine's own host, with iptables",
    },
  ];
}
