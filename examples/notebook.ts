// deno-lint-ignore-file no-console -- a program of the command line prints
// A notebook: cells of one context, which keeps their variables; prints values, displays and errors.
//
//   npx -y deno@2.9.6 run --allow-net --allow-env examples/notebook.ts

import { type Execution, post, send } from "./service.ts";

const CELLS = [
  "const prices = [3, 5, 8];",
  "prices.map((price) => price * 2)",
  'display({ "text/html": "<b>3</b> prices", "text/plain": "3 prices" }, { raw: true })',
  "prices.total()",
  "new Set(prices)",
];

/** The answer to a cell. */
interface Cell extends Execution {
  /** The value as the language's own prompt shows it. */
  readonly text?: string;
  /** What the cell displayed: representations of one thing by their media types, as Jupyter has them. */
  readonly displays: readonly Readonly<Record<string, unknown>>[];
  readonly error?: { readonly name: string; readonly message: string; readonly traceback: string };
}

/** What a notebook shows below a cell. */
function render({ displays, error, outcome, stdout, text }: Cell): string[] {
  if (outcome.kind !== "exited") return [`ended: ${outcome.kind}`];
  return [
    ...(stdout === "" ? [] : [stdout.trimEnd()]),
    ...displays.map((bundle) => `display ${Object.keys(bundle).join(", ")}: ${bundle["text/plain"]}`),
    ...(error === undefined ? [] : [`${error.name}: ${error.message}`]),
    ...(text === undefined ? [] : [`= ${text}`]),
  ];
}

const session = await post<{ id: string }>("/v1/sessions", { language: "typescript" });
try {
  const contexts = `/v1/sessions/${session.id}/contexts`;
  const context = await post<{ id: string }>(contexts, {});
  for (const [index, code] of CELLS.entries()) {
    console.log(`[${index + 1}] ${code}`);
    const cell = await post<Cell>(`${contexts}/${context.id}/executions`, { code });
    for (const line of render(cell)) console.log(`    ${line}`);
  }
} finally {
  await send("DELETE", `/v1/sessions/${session.id}`);
}
