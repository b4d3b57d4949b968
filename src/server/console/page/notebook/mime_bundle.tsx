import { formsOf, toDataUrl } from "./mime.ts";
import { HtmlFrame } from "./html_frame.tsx";
import { renderMarkdown } from "./markdown.ts";

/** A value in its richest form that the page can show. */
export function Bundle(
  { data, isValue = false }: { readonly data: Readonly<Record<string, unknown>>; readonly isValue?: boolean },
) {
  const label = isValue ? "Value" : "Display";
  const [form] = formsOf(data);
  if (form === undefined) {
    const types = Object.keys(data).join(", ");
    return (
      <p class="display hint">This page cannot show the value: it {types === "" ? "has no form" : `is ${types}`}.</p>
    );
  }
  const { content, kind, type } = form;
  if (kind === "image") return <img class="display" src={toDataUrl(type, content)} alt={textOf(data) ?? label} />;
  if (kind === "html") return <HtmlFrame html={content} title={`${label} as HTML`} />;
  if (kind === "markdown") return <HtmlFrame html={renderMarkdown(content)} title={`${label} as Markdown`} />;
  return <pre class="value" tabindex={0} aria-label={label}>{content}</pre>;
}

function textOf(data: Readonly<Record<string, unknown>>): string | undefined {
  const text = data["text/plain"];
  return typeof text === "string" && text !== "" ? text : undefined;
}
