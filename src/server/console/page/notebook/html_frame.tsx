import { useMemo, useRef, useState } from "preact/hooks";
import { useScheme } from "../shell/use_scheme.ts";
import { toInertNodes } from "./inert_html.ts";

const MAX_HEIGHT_PX = 640;

/**
 * HTML of a program, in a frame of its own. The frame runs no script, sends no form and opens no window (`sandbox`), and
 * has the page's policy, so that it loads nothing from elsewhere. It is of the page's origin so that its height can be
 * read. The nodes are put into the frame as they were parsed: text that is parsed twice can become other elements.
 */
export function HtmlFrame({ html, label }: { readonly html: string; readonly label: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(40);
  const scheme = useScheme();
  const head = useMemo(() => headOf(scheme), [scheme]);
  const fill = () => {
    const inside = frame.current?.contentDocument;
    inside?.body.replaceChildren(...toInertNodes(html));
    const content = inside?.documentElement.scrollHeight ?? 0;
    setHeight(Math.min(MAX_HEIGHT_PX, Math.max(24, content)));
  };
  return (
    <iframe
      key={html}
      ref={frame}
      class="display display-html"
      title={`${label} as HTML`}
      sandbox="allow-same-origin"
      srcdoc={head}
      style={{ height: `${height}px` }}
      onLoad={fill}
    />
  );
}

/** The head of the frame. Its style has the nonce of the page's policy, and its links open nothing. */
function headOf(scheme: "dark" | "light"): string {
  const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Value</title><base target="_blank"><style nonce="${nonce}">` +
    `:root{color-scheme:${scheme};font:14px/1.5 system-ui,sans-serif}body{margin:4px 0;overflow-wrap:anywhere}` +
    "table{border-collapse:collapse}th,td{padding:4px 10px;border-bottom:1px solid #8886;text-align:right}</style>";
}
