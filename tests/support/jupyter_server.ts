import { existsSync } from "node:fs";
import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { freePort } from "./free_port.ts";
import { withoutProjectVariables } from "./variables.ts";

/** Where `.ci/run` unpacks Debian's jupyter-server, with the packages that it needs. */
const UNPACKED = join(Deno.env.get("HOME") ?? "/", ".codebeaker/tests/jupyter/usr/lib");
/** The modules of Debian's jupyter-server, where it is unpacked. */
export const JUPYTER_MODULES = join(UNPACKED, "python3/dist-packages");

/** Debian's own Python, for which Debian's packages are made. */
const PYTHON = "/usr/bin/python3";

/** A Jupyter server whose kernels are those of a gateway. */
export interface JupyterServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

/** Whether Debian's jupyter-server is here. */
export function jupyterAvailability(): Availability {
  const isHere = [JUPYTER_MODULES, "/usr/lib/python3/dist-packages"].some((path) =>
    existsSync(join(path, "jupyter_server"))
  );
  return isHere ? { available: true } : { available: false, reason: "Debian's jupyter-server is not here" };
}

/** Starts a Jupyter server, unmodified, with a service as its gateway. It answers in a second or two. */
export async function startJupyterServer(
  gateway: { readonly url: string; readonly key: string },
): Promise<JupyterServer> {
  const home = await Deno.makeTempDir();
  const [port, token] = [freePort(), "secret"];
  const libraries = `${Deno.build.arch}-linux-gnu`;
  const child = new Deno.Command(PYTHON, {
    args: [
      ...["-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", `--port=${port}`],
      ...[`--IdentityProvider.token=${token}`, `--GatewayClient.url=${gateway.url}`],
      ...[`--GatewayClient.auth_token=${gateway.key}`, "--ServerApp.port_retries=0", `--ServerApp.root_dir=${home}`],
    ],
    clearEnv: true,
    env: {
      ...withoutProjectVariables(),
      HOME: home,
      PYTHONPATH: JUPYTER_MODULES,
      LD_LIBRARY_PATH: join(UNPACKED, libraries),
    },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(home, { recursive: true });
    },
  };
}
