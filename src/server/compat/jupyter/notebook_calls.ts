import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError } from "../../../core/errors.ts";
import { parseSessionChanges } from "../../../core/requests/session_request.ts";
import type { SessionsPort } from "../../../sessions/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { bodyAs } from "../../http/json_body.ts";
import { idOf, type Kernels, nameSchema, type OpenKernel, toModel } from "./kernels.ts";

/** Answers requests, by method and path. */
export type Calls = Readonly<Record<string, (context: Context<AppEnv>) => Promise<Response> | Response>>;

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

/** A notebook with its kernel. */
interface OpenNotebook extends OpenKernel {
  readonly notebook: Notebook;
}

/** Makes the calls about Jupyter's sessions. The metadata of the kernel's own session has them. */
export function notebookCalls(kernels: Kernels, sessions: SessionsPort) {
  const list = (context: Context<AppEnv>): OpenNotebook[] =>
    kernels.list(context.get("caller")).flatMap((open) => notebooksOf(open).map((notebook) => ({ ...open, notebook })));

  const find = (context: Context<AppEnv>): OpenNotebook => {
    const { id = "" } = context.req.param();
    const found = list(context).find(({ notebook }) => notebook.id === id);
    if (found !== undefined) return found;
    throw new CodeBeakerError("not_found", `Cannot find the session ${JSON.stringify(id.slice(0, 64))}`);
  };

  /** Gives a notebook a kernel: a running one by its id, or a new one. */
  const attach = async (
    context: Context<AppEnv>,
    notebook: Notebook,
    kernel: z.output<typeof kernelSchema>,
  ): Promise<OpenNotebook> => {
    const caller = context.get("caller");
    if (kernel?.id === undefined) {
      const metadata = { [NOTEBOOKS]: [notebook] };
      const { signal } = context.req.raw;
      return { ...await kernels.start(caller, { name: kernel?.name, metadata, signal }), notebook };
    }
    const open = kernels.find(caller, kernel.id);
    const others = notebooksOf(open).filter(({ id }) => id !== notebook.id);
    const metadata = { ...open.session.metadata, [NOTEBOOKS]: [...others, notebook] };
    sessions.change(caller, open.session.id, parseSessionChanges({ metadata }));
    return { ...open, notebook };
  };

  return {
    "GET /api/sessions": (context) => context.json(list(context).map(toNotebook)),
    "GET /api/sessions/:id": (context) => context.json(toNotebook(find(context))),
    /** Opens a notebook on a running kernel, or on a new one. The path of an open one gives that. */
    async "POST /api/sessions"(context) {
      const { kernel, name, path, type } = await bodyAs(context, openSchema, { what: "the session" });
      const known = list(context).find(({ notebook }) => notebook.path === path);
      const notebook = { id: crypto.randomUUID(), path, name: name ?? "", type: type ?? "notebook" };
      return context.json(toNotebook(known ?? await attach(context, notebook, kernel)), 201);
    },
    /** Changes a notebook. A kernel that it leaves for another is shut down. */
    async "PATCH /api/sessions/:id"(context) {
      const { kernel, name, path, type } = await bodyAs(context, changesSchema, { what: "the session" });
      const { notebook: old, session } = find(context);
      const notebook = { id: old.id, path: path ?? old.path, name: name ?? old.name, type: type ?? old.type };
      const stays = (kernel?.name ?? kernel?.id) === undefined || kernel?.id === idOf(session);
      const after = await attach(context, notebook, stays ? { id: idOf(session), name: undefined } : kernel);
      if (!stays) await sessions.close(context.get("caller"), session.id);
      return context.json(toNotebook(after));
    },
    /** Closes a notebook and its kernel. */
    async "DELETE /api/sessions/:id"(context) {
      await sessions.close(context.get("caller"), find(context).session.id);
      return context.body(null, 204);
    },
  } satisfies Calls;
}

/** The notebooks of a kernel. Metadata that its owner has changed to something else has none. */
function notebooksOf({ session }: OpenKernel): readonly Notebook[] {
  return z.array(notebookSchema).safeParse(session.metadata[NOTEBOOKS]).data ?? [];
}

function toNotebook({ notebook, ...open }: OpenNotebook): object {
  return { ...notebook, kernel: toModel(open) };
}
