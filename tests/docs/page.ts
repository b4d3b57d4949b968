/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of its fence, from 1. */
  readonly line: number;
  /** Why it cannot be run, from `<!-- not run: … -->` above it. */
  readonly notRun?: string;
  /** The test that compares it with the project, from `<!-- checked by: … -->` above it. */
  readonly checkedBy?: string;
  /** The service that it runs against, from `<!-- service: … -->` above it. */
  readonly service?: string;
}

/** A page of the documentation. */
export interface Page {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const FENCE = /^ {0,3}```(\w*)\n(.*?)^ {0,3}```$/gms;
const MARKER = /<!-- (not run|service|checked by): (.*?) -->\s*$/s;

/** Finds the blocks of a page. */
export function parsePage(path: string, text: string): Page {
  const matches = [...text.matchAll(FENCE)];
  const blocks = matches.map((match, index): Block => {
    const [, language = "", body = ""] = match;
    const previous = matches[index - 1];
    const above = text.slice(previous === undefined ? 0 : previous.index + previous[0].length, match.index);
    const [, kind, value] = MARKER.exec(above) ?? [];
    return {
      language,
      text: body,
      line: text.slice(0, match.index).split("\n").length,
      ...(kind === "not run" && value !== undefined ? { notRun: value } : {}),
      ...(kind === "checked by" && value !== undefined ? { checkedBy: value } : {}),
      ...(kind === "service" && value !== undefined ? { service: value } : {}),
    };
  });
  return { path, text, blocks };
}

/** The text of a page without its blocks. */
function proseOf({ text }: Page): string {
  return text.replaceAll(FENCE, "");
}

/** The addresses that a page links to, relative ones as they are written. */
export function linksOf(page: Page): string[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** A block that runs, and the block below it with what it prints. */
export interface Example {
  readonly block: Block;
  readonly answer?: Block;
}

/** Languages of blocks that run. */
const RUN = ["sh", "ts", "python"];
/** Languages of blocks with what a block above them prints. */
const PRINTED = ["json", "text"];

/** The examples of a page, and the blocks that belong to none. */
export function examplesOf(
  { blocks }: Page,
): { readonly examples: readonly Example[]; readonly others: readonly Block[] } {
  const examples: Example[] = [];
  const others: Block[] = [];
  let last: Block | undefined;
  for (const block of blocks) {
    const isAnswer = last !== undefined && PRINTED.includes(block.language) && block.notRun === undefined;
    if (isAnswer && last !== undefined) examples.splice(-1, 1, { block: last, answer: block });
    else if (RUN.includes(block.language) && block.notRun === undefined) examples.push({ block });
    else others.push(block);
    last = examples.at(-1)?.block === block ? block : undefined;
  }
  return { examples, others };
}
