import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError } from "../../../core/errors.ts";
import { VERSION } from "../../../core/version.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { bodyAs } from "../../http/json_body.ts";
import { openSocket } from "../../sockets/mod.ts";
import type { CompatOptions } from "../compat_options.ts";
import { idOf, Kernels, nameSchema, toModel } from "./kernels.ts";
import { listSpecs } from "./kernelspecs.ts";
import { BINARY_PROTOCOL } from "./messages.ts";
import { type Calls, notebookCalls } from "./notebook_calls.ts";
import { speakToKernel } from "./speak_to_kernel.ts";

const startSchema = z.looseObject({ name: nameSchema, env: z.record(z.string(), z.string()).nullish() });

/** Makes the calls of Jupyter's API, over sessions and their default contexts. */
export function jupyterCalls(options: CompatOptions) {
  const { engine, observer, sessions } = options;
  const kernels = new Kernels(options);
  const find = (context: Context<AppEnv>) => kernels.find(context.get("caller"), context.req.param("id") ?? "");
  return {
    ...notebookCalls(kernels, sessions),
    "GET /api": (context) => context.json({ version: VERSION }),
    "GET /api/kernelspecs": async (context) => context.json(await listSpecs(engine)),
    async "GET /api/kernelspecs/:name"(context) {
      const name = context.req.param("name") ?? "";
      const { kernelspecs } = await listSpecs(engine);
      if (Object.hasOwn(kernelspecs, name)) return context.json(kernelspecs[name]);
      throw new CodeBeakerError("not_found", `Cannot find the kernel ${JSON.stringify(name.slice(0, 64))}`);
    },
    "GET /api/kernels": (context) => context.json(kernels.list(context.get("caller")).map(toModel)),
    /** Starts a kernel: the default one where the request has no body. */
    async "POST /api/kernels"(context) {
      const { env, name } = await bodyAs(context, startSchema, { what: "the kernel" });
      const { signal } = context.req.raw;
      const open = await kernels.start(context.get("caller"), { env, name, signal });
      return context.json(toModel(open), 201, { location: `/api/kernels/${idOf(open.session)}` });
    },
    "GET /api/kernels/:id": (context) => context.json(toModel(find(context))),
    async "DELETE /api/kernels/:id"(context) {
      await sessions.close(context.get("caller"), find(context).session.id);
      return context.body(null, 204);
    },
    "POST /api/kernels/:id/interrupt"(context) {
      find(context).kernel.interrupt();
      return context.body(null, 204);
    },
    async "POST /api/kernels/:id/restart"(context) {
      const open = find(context);
      await open.kernel.restart(context.get("caller"));
      return context.json(toModel(open));
    },
    /** Opens a WebSocket to a kernel. */
    "GET /api/kernels/:id/channels"(context) {
      const { kernel } = find(context);
      const caller = context.get("caller");
      const id = nameSchema.parse(context.req.query("session_id")) ?? crypto.randomUUID();
      return openSocket(context, options, {
        protocols: [BINARY_PROTOCOL],
        speak: (peer) => speakToKernel(peer, { kernel, id, caller, observer }),
      });
    },
  } satisfies Calls;
}
