import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError } from "../../../core/errors.ts";
import { parseSessionChanges } from "../../../core/requests/session_request.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { Caller } from "../../../engine/port.ts";
import type { SessionsPort } from "../../../sessions/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { idOf, type Kernels, nameSchema, type OpenKernel } from "./kernels.ts";

/** The name under which a session's metadata has the notebooks of its kernel. */
const NOTEBOOKS = "jupyter.notebooks";

const notebookSchema = z.object({ id: z.string(), path: z.string(), name: z.string(), type: z.string() });

const kernelSchema = z.looseObject({ id: nameSchema, name: nameSchema }).nullish();
const changesSchema = z.looseObject({
  path: z.string().optional(),
  name: z.string().nullish(),
  type: z.string().optional(),
  kernel: kernelSchema,
});
const openSchema = changesSchema.extend({ path: z.string() });

/** What Jupyter calls a session: a notebook, or another document, that has a kernel. */
type Notebook = z.output<typeof notebookSchema>;

interface OpenNotebook {
  readonly notebook: Notebook;
  readonly open: OpenKernel;
}

/** Jupyter's sessions. The metadata of the kernel's own session has them. */
export class Notebooks {
  readonly #kernels: Kernels;
  readonly #sessions: SessionsPort;

  constructor(kernels: Kernels, sessions: SessionsPort) {
    this.#kernels = kernels;
    this.#sessions = sessions;
  }

  list(context: Context<AppEnv>): Response {
    return context.json(this.#all(context.get("caller")).map((one) => this.#describe(one)));
  }

  show(context: Context<AppEnv>, id: string): Response {
    return context.json(this.#describe(this.#find(context.get("caller"), id)));
  }

  /** Opens a notebook on a running kernel, or on a new one. The path of an open one gives that. */
  async open(context: Context<AppEnv>): Promise<Response> {
    const { kernel, name, path, type } = parseAs(openSchema, await jsonBody(context), { what: "the session" });
    const caller = context.get("caller");
    const known = this.#all(caller).find(({ notebook }) => notebook.path === path);
    if (known !== undefined) return context.json(this.#describe(known), 201);
    const notebook = { id: crypto.randomUUID(), path, name: name ?? "", type: type ?? "notebook" };
    return context.json(this.#describe(await this.#attach(context, notebook, kernel)), 201);
  }

  /** Changes a notebook. A kernel that it leaves for another is shut down. */
  async change(context: Context<AppEnv>, id: string): Promise<Response> {
    const changes = parseAs(changesSchema, await jsonBody(context), { what: "the session" });
    const caller = context.get("caller");
    const { notebook: before, open } = this.#find(caller, id);
    const { kernel, name, path = before.path, type = before.type } = changes;
    const notebook = { id, path, name: name ?? before.name, type };
    const stays = (kernel?.name ?? kernel?.id) === undefined || kernel?.id === idOf(open.session);
    const after = await this.#attach(context, notebook, stays ? { id: idOf(open.session), name: undefined } : kernel);
    if (!stays) await open.kernel.stop(caller);
    return context.json(this.#describe(after));
  }

  /** Closes a notebook and its kernel. */
  async close(context: Context<AppEnv>, id: string): Promise<Response> {
    const caller = context.get("caller");
    await this.#find(caller, id).open.kernel.stop(caller);
    return context.body(null, 204);
  }

  /** Gives a notebook a kernel: a running one by its id, or a new one. */
  async #attach(
    context: Context<AppEnv>,
    notebook: Notebook,
    kernel: z.output<typeof kernelSchema>,
  ): Promise<OpenNotebook> {
    const caller = context.get("caller");
    if (kernel?.id === undefined) {
      const { signal } = context.req.raw;
      const metadata = { [NOTEBOOKS]: [notebook] };
      return { notebook, open: await this.#kernels.start(caller, { name: kernel?.name, metadata, signal }) };
    }
    const open = this.#kernels.find(caller, kernel.id);
    const others = notebooksOf(open).filter(({ id }) => id !== notebook.id);
    const metadata = { ...open.session.metadata, [NOTEBOOKS]: [...others, notebook] };
    this.#sessions.change(caller, open.session.id, parseSessionChanges({ metadata }));
    return { notebook, open };
  }

  /** @throws {CodeBeakerError} `not_found` */
  #find(caller: Caller, id: string): OpenNotebook {
    const found = this.#all(caller).find(({ notebook }) => notebook.id === id);
    if (found !== undefined) return found;
    throw new CodeBeakerError("not_found", `Cannot find the session ${JSON.stringify(id.slice(0, 64))}`);
  }

  #all(caller: Caller): OpenNotebook[] {
    return this.#kernels.list(caller).flatMap((open) => notebooksOf(open).map((notebook) => ({ notebook, open })));
  }

  #describe({ notebook, open }: OpenNotebook): object {
    return { ...notebook, kernel: this.#kernels.describe(open) };
  }
}

/** The notebooks of a kernel. Metadata that its owner has changed to something else has none. */
function notebooksOf({ session }: OpenKernel): readonly Notebook[] {
  return z.array(notebookSchema).safeParse(session.metadata[NOTEBOOKS]).data ?? [];
}
