import type { Instance } from "../../../host/instance.ts";
import type { RuntimeConfig, RuntimeHost, RuntimeLog } from "../../port.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import type { EnvironmentSpec } from "../images/environments.ts";

/** The parts that all environments on one Engine share. */
export interface DockerInstallation {
  readonly client: EngineClient;
  readonly instance: Instance;
  /** The ids of the living environments: the reaper spares their containers. */
  readonly living: Set<string>;
  readonly log: RuntimeLog;
  /** Images whose interpreter failed to become warm: there only a launcher is warm. */
  readonly interpreterless: Set<string>;
  /** The warm pool; undefined where nothing is kept warm. */
  readonly pool?: RuntimeHost["pool"];
  /** The memory budget of sessions; undefined where it is unbounded. */
  readonly memory?: RuntimeHost["memory"];
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
}

/** The properties of one environment. */
export interface DockerEnvironmentOptions {
  readonly config: RuntimeConfig;
  readonly spec: EnvironmentSpec;
  readonly image: string;
  /** The OCI runtime; undefined for the Engine's default. */
  readonly ociRuntime: string | undefined;
  /** The Engine's network that programs may use; undefined for none. */
  readonly network: string | undefined;
  /** Whether a control group counts and bounds the usage of its containers. */
  readonly hasCgroup: boolean;
  /** Whether the kernel of its containers filters system calls. */
  readonly hasSeccomp: boolean;
  /** Whether the environment only installs packages, with the bounds of a compiler. */
  readonly installs?: boolean;
  /** The environment names for which packages can be installed. */
  readonly installable: readonly string[];
  /**
   * The Engine's network for installing packages.
   *
   * @throws {CodeBeakerError} `permission_denied` with the reason why there is none
   */
  openInstallNetwork(): Promise<string>;
  /** Memory reserved for the environment's files; disposing the environment frees it. */
  readonly memory?: Disposable;
  /** Called when the image turns out to run no program. */
  onUnusable(reason: string): void;
}
