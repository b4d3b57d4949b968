/** How the first line of each block begins. */
const ITEM = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/;
const FENCE = /^ {0,3}(```+|~~~+)/;
const HEADING = /^ {0,3}(#{1,6})(?: +(.*?))?(?: +#+)? *$/;
const RULE = /^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const TABLE_RULE = /^ *\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$/;
const HTML_LINE = /^ {0,3}<\/?[a-zA-Z!]/;
/** Stands around the number of a part that is rendered already. It is of Unicode's private use. */
const MARK = "\uE000";
/** Deepest quote or list that is one; a deeper one is text. */
const MAX_DEPTH = 12;

/**
 * Renders Markdown (CommonMark's common part, and GitHub's tables) as HTML. HTML in it stays, so the result is as little
 * to be trusted as any program's.
 */
export function renderMarkdown(source: string): string {
  return renderBlocks(source.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n"), 0);
}

function renderBlocks(lines: readonly string[], depth: number): string {
  const parts: string[] = [];
  for (let at = 0; at < lines.length;) {
    const block = takeBlock(lines, at, depth);
    parts.push(block.html);
    at = block.next;
  }
  return parts.filter((part) => part !== "").join("\n");
}

interface Block {
  readonly html: string;
  /** The line after it. */
  readonly next: number;
}

function takeBlock(lines: readonly string[], at: number, depth: number): Block {
  const line = lines[at] ?? "";
  if (line.trim() === "") return { html: "", next: at + 1 };
  const heading = HEADING.exec(line);
  if (heading !== null) {
    const level = heading[1]?.length ?? 1;
    return { html: `<h${level}>${renderInline(heading[2] ?? "")}</h${level}>`, next: at + 1 };
  }
  if (FENCE.test(line)) return takeFence(lines, at);
  if (RULE.test(line)) return { html: "<hr>", next: at + 1 };
  if (QUOTE.test(line) && depth < MAX_DEPTH) {
    const next = endOf(lines, at, (one) => QUOTE.test(one));
    const inner = lines.slice(at, next).map((one) => one.replace(QUOTE, ""));
    return { html: `<blockquote>${renderBlocks(inner, depth + 1)}</blockquote>`, next };
  }
  if (ITEM.test(line) && depth < MAX_DEPTH) return takeList(lines, at, depth);
  if (HTML_LINE.test(line)) {
    const next = endOf(lines, at, (one) => one.trim() !== "");
    return { html: lines.slice(at, next).join("\n"), next };
  }
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) return takeTable(lines, at);
  if (/^ {4}/.test(line)) {
    const next = endOf(lines, at, (one) => /^ {4}/.test(one));
    return { html: codeOf(lines.slice(at, next).map((one) => one.slice(4))), next };
  }
  return takeParagraph(lines, at);
}

function endOf(lines: readonly string[], at: number, belongs: (line: string) => boolean): number {
  let next = at + 1;
  while (next < lines.length && belongs(lines[next] ?? "")) next++;
  return next;
}

function takeFence(lines: readonly string[], at: number): Block {
  const mark = FENCE.exec(lines[at] ?? "")?.[1] ?? "```";
  const end = endOf(
    lines,
    at,
    (line) => !line.trim().startsWith(mark) || line.trim().replaceAll(mark.charAt(0), "") !== "",
  );
  return { html: codeOf(lines.slice(at + 1, end)), next: end + 1 };
}

function codeOf(lines: readonly string[]): string {
  return `<pre><code>${escapeHtml(lines.join("\n"))}</code></pre>`;
}

/** The items of a list, each with the lines that are indented below it. */
function takeList(lines: readonly string[], at: number, depth: number): Block {
  const first = ITEM.exec(lines[at] ?? "");
  const indent = first?.[1]?.length ?? 0;
  const isNumbered = /\d/.test(first?.[2] ?? "");
  const items: string[][] = [];
  let next = at;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const item = ITEM.exec(line);
    const follows = line.trim() === "" && /^ +\S|^ *(?:[-*+]|\d+[.)]) /.test(lines[next + 1] ?? "");
    if (item !== null && (item[1]?.length ?? 0) <= indent + 1) {
      if ((item[1]?.length ?? 0) < indent || /\d/.test(item[2] ?? "") !== isNumbered) break;
      items.push([item[3] ?? ""]);
    } else if (follows || (line.trim() !== "" && line.startsWith(" ".repeat(indent + 2)))) {
      items.at(-1)?.push(line.slice(indent + 2));
    } else break;
  }
  const name = isNumbered ? "ol" : "ul";
  const start = isNumbered ? ` start="${parseInt(first?.[2] ?? "1")}"` : "";
  const rendered = items.map((item) => `<li>${renderItem(item, depth + 1)}</li>`).join("");
  return { html: `<${name}${start}>${rendered}</${name}>`, next };
}

/** An item of one paragraph is without `<p>`. */
function renderItem([first = "", ...rest]: readonly string[], depth: number): string {
  const end = rest.findIndex((line) => line.trim() === "" || ITEM.test(line) || FENCE.test(line));
  const text = [first, ...end < 0 ? rest : rest.slice(0, end)].join("\n");
  return renderInline(text) + (end < 0 ? "" : renderBlocks(rest.slice(end), depth));
}

function takeTable(lines: readonly string[], at: number): Block {
  const next = endOf(lines, at + 1, (line) => line.includes("|"));
  const sides = cellsOf(lines[at + 1] ?? "").map((rule) =>
    rule.endsWith(":") ? (rule.startsWith(":") ? "center" : "right") : "left"
  );
  const row = (line: string, name: "th" | "td") =>
    `<tr>${
      cellsOf(line).map((cell, index) =>
        `<${name} style="text-align:${sides[index] ?? "left"}">${renderInline(cell)}</${name}>`
      )
        .join("")
    }</tr>`;
  const body = lines.slice(at + 2, next).map((line) => row(line, "td")).join("");
  return { html: `<table><thead>${row(lines[at] ?? "", "th")}</thead><tbody>${body}</tbody></table>`, next };
}

function cellsOf(line: string): string[] {
  return line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").map((cell) => cell.trim());
}

function takeParagraph(lines: readonly string[], at: number): Block {
  const next = endOf(
    lines,
    at,
    (line) => line.trim() !== "" && ![HEADING, FENCE, RULE, QUOTE, ITEM].some((mark) => mark.test(line)),
  );
  const underline = /^ {0,3}(=+|-+) *$/.exec(lines[next - 1] ?? "");
  if (underline !== null && next - at > 1) {
    const level = underline[1]?.startsWith("=") ? 1 : 2;
    return { html: `<h${level}>${renderInline(lines.slice(at, next - 1).join("\n"))}</h${level}>`, next };
  }
  if (/^-+ *$/.test(lines[next] ?? "")) {
    return { html: `<h2>${renderInline(lines.slice(at, next).join("\n"))}</h2>`, next: next + 1 };
  }
  return { html: `<p>${renderInline(lines.slice(at, next).join("\n"))}</p>`, next };
}

/** The parts of a text that are not marked up further. */
const INLINE = new RegExp(
  [
    "(?<code>`+)(?<codeText>[^`]+)\\k<code>",
    "(?<math>\\$\\$?[^$\\n]+\\$\\$?)",
    "(?<tag></?[a-zA-Z][^<>]*>|<!--[^>]*-->)",
    "\\\\(?<escaped>[!-/:-@\\[-`{-~])",
    '(?<image>!?)\\[(?<label>[^\\[\\]]*)\\]\\((?<address>[^()\\s]*)(?: +"[^"]*")?\\)',
  ].join("|"),
  "g",
);

function renderInline(text: string): string {
  const kept: string[] = [];
  const keep = (html: string) => `${MARK}${kept.push(html) - 1}${MARK}`;
  const cut = text.replaceAll(MARK, "").replaceAll(INLINE, (...match) => {
    const { address = "", code, codeText = "", escaped, image, label = "", math, tag } = match.at(-1);
    if (code !== undefined) return keep(`<code>${escapeHtml(codeText.trim())}</code>`);
    if (math !== undefined) return keep(escapeHtml(math));
    if (tag !== undefined) return keep(tag);
    if (escaped !== undefined) return keep(escapeHtml(escaped));
    const [shown, where] = [escapeHtml(label), escapeHtml(address)];
    return image === "!" ? keep(`<img src="${where}" alt="${shown}">`) : keep(`<a href="${where}">${shown}</a>`);
  });
  return markUp(escapeHtml(cut)).replaceAll(
    new RegExp(`${MARK}(\\d+)${MARK}`, "g"),
    (_, index) => kept[Number(index)] ?? "",
  );
}

function markUp(text: string): string {
  return text
    .replaceAll(/(\*\*|__)(?=\S)([^*_]+?)\1/g, "<strong>$2</strong>")
    .replaceAll(/\*(?=\S)([^*\n]+?)\*/g, "<em>$1</em>")
    .replaceAll(/(?<!\w)_(?=\S)([^_\n]+?)_(?!\w)/g, "<em>$1</em>")
    .replaceAll(/~~(?=\S)([^~]+?)~~/g, "<del>$1</del>")
    .replaceAll(/ {2,}\n/g, "<br>\n");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
