import type { Context } from "hono";
import { z } from "zod";
import { parseAs } from "../../../core/parsing/validation.ts";
import { VERSION } from "../../../core/version.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { openSocket } from "../../sockets/mod.ts";
import type { CompatOptions } from "../compat_options.ts";
import { KernelConnection } from "./kernel_connection.ts";
import { idOf, Kernels, nameSchema } from "./kernels.ts";
import { findSpec, listSpecs } from "./kernelspecs.ts";
import { BINARY_PROTOCOL } from "./messages.ts";
import { Notebooks } from "./notebooks.ts";

/** Most characters of a client's name for itself. */
const MAX_ID_LENGTH = 128;

const startSchema = z.looseObject({
  name: nameSchema,
  env: z.record(z.string(), z.string()).nullish(),
});

/** Jupyter's REST API, and the WebSockets of its kernels, over sessions and their default contexts. */
export class JupyterDoor {
  readonly notebooks: Notebooks;
  readonly #options: CompatOptions;
  readonly #kernels: Kernels;

  constructor(options: CompatOptions) {
    this.#options = options;
    this.#kernels = new Kernels(options);
    this.notebooks = new Notebooks(this.#kernels, options.sessions);
  }

  showVersion(): Response {
    return Response.json({ version: VERSION });
  }

  /** Shows how many kernels and connections the tenant has. */
  showStatus(context: Context<AppEnv>): Response {
    const open = this.#kernels.list(context.get("caller"));
    const started = new Date(performance.timeOrigin).toISOString();
    return context.json({
      started,
      last_activity: open.map(({ session }) => session.lastActivityAt).toSorted().at(-1) ?? started,
      kernels: open.length,
      connections: open.reduce((sum, { kernel }) => sum + kernel.connections, 0),
    });
  }

  async listSpecs(context: Context<AppEnv>): Promise<Response> {
    return context.json(await listSpecs(this.#options.engine));
  }

  async showSpec(name: string): Promise<Response> {
    return Response.json(await findSpec(this.#options.engine, name));
  }

  listKernels(context: Context<AppEnv>): Response {
    return context.json(this.#kernels.list(context.get("caller")).map((open) => this.#kernels.describe(open)));
  }

  /** Starts a kernel: the default one where the request has no body. */
  async startKernel(context: Context<AppEnv>): Promise<Response> {
    const { env, name } = parseAs(startSchema, await jsonBody(context) ?? {}, { what: "the kernel" });
    const { signal } = context.req.raw;
    const open = await this.#kernels.start(context.get("caller"), { env, name, signal });
    context.header("location", `/api/kernels/${idOf(open.session)}`);
    return context.json(this.#kernels.describe(open), 201);
  }

  showKernel(context: Context<AppEnv>, id: string): Response {
    return context.json(this.#kernels.describe(this.#kernels.find(context.get("caller"), id)));
  }

  async stopKernel(context: Context<AppEnv>, id: string): Promise<Response> {
    const caller = context.get("caller");
    await this.#kernels.find(caller, id).kernel.stop(caller);
    return context.body(null, 204);
  }

  interrupt(context: Context<AppEnv>, id: string): Response {
    this.#kernels.find(context.get("caller"), id).kernel.interrupt();
    return context.body(null, 204);
  }

  async restart(context: Context<AppEnv>, id: string): Promise<Response> {
    const caller = context.get("caller");
    const open = this.#kernels.find(caller, id);
    await open.kernel.restart(caller);
    return context.json(this.#kernels.describe(open));
  }

  /** Opens a WebSocket to a kernel. */
  connect(context: Context<AppEnv>, id: string): Response {
    const { observer } = this.#options;
    const caller = context.get("caller");
    const { kernel } = this.#kernels.find(caller, id);
    const client = nameSchema.parse(context.req.query("session_id"))?.slice(0, MAX_ID_LENGTH) ?? crypto.randomUUID();
    return openSocket(context, this.#options, {
      protocols: [BINARY_PROTOCOL],
      speak: (peer) => new KernelConnection(peer, { kernel, id: client, caller, observer }),
    });
  }
}
