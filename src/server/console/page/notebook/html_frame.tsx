import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useScheme } from "../shell/use_scheme.ts";
import { toInertHtml } from "./inert_html.ts";

const MAX_HEIGHT_PX = 640;

/** Properties of a frame. */
export interface HtmlFrameProps {
  readonly html: string;
  /** What the frame has, for screen readers. */
  readonly title: string;
  /** Most height without a scroll bar, in pixels. */
  readonly maxHeight?: number;
  /** Called at a double click inside. */
  onDoubleClick?(): void;
}

/**
 * HTML of a program, in a frame of its own. The frame runs no script, sends no form and opens no window (`sandbox`), and
 * has the page's policy, so that it loads nothing from elsewhere. It is of the page's origin so that its height can be
 * read. The nodes are put into the frame as they were parsed: text that is parsed twice can become other elements. Its
 * styles stay: rules under the nonce of the policy, and attributes as a script sets them.
 */
export function HtmlFrame({ html, maxHeight = MAX_HEIGHT_PX, onDoubleClick, title }: HtmlFrameProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(40);
  const scheme = useScheme();
  const head = useMemo(() => headOf(scheme), [scheme]);
  const measure = () => {
    const content = frame.current?.contentDocument?.documentElement?.getBoundingClientRect().height ?? 0;
    setHeight(Math.min(maxHeight, Math.max(24, Math.ceil(content))));
  };
  const fill = () => {
    const inside = frame.current?.contentDocument;
    if (inside === undefined || inside === null) return;
    const { css, nodes, styles } = toInertHtml(html);
    const style = inside.createElement("style");
    style.nonce = nonceOfPage();
    style.textContent = css;
    inside.head.append(style);
    inside.body.replaceChildren(...nodes);
    for (const [element, declarations] of styles) element.style.cssText = declarations;
    if (onDoubleClick !== undefined) inside.addEventListener("dblclick", onDoubleClick);
    measure();
  };
  useEffect(() => {
    if (frame.current === null) return;
    const watch = new ResizeObserver(measure); // Another width breaks lines elsewhere.
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, [html, scheme]);
  return (
    <iframe
      key={html}
      ref={frame}
      class="display display-html"
      title={title}
      sandbox="allow-same-origin"
      srcdoc={head}
      style={{ height: `${height}px` }}
      onLoad={fill}
    />
  );
}

/** The head of the frame. Its style has the nonce of the page's policy, and its links open nothing. */
function headOf(scheme: "dark" | "light"): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Value</title><base target="_blank"><style nonce="${nonceOfPage()}">` +
    `:root{color-scheme:${scheme};font:14px/1.5 system-ui,sans-serif;overflow-x:auto}body{margin:0;padding:4px 0;overflow-wrap:anywhere}` +
    "table{border-collapse:collapse}th,td{padding:4px 10px;border-bottom:1px solid #8886;text-align:right}" +
    "h1,h2,h3,h4{line-height:1.25;margin:.6em 0 .4em}h1{font-size:22px}h2{font-size:18px}h3{font-size:15px}p,ul,ol{margin:.4em 0}" +
    "body>:first-child{margin-top:0}img{max-width:100%}pre{overflow:auto;margin:.5em 0}code{font-family:ui-monospace,monospace;font-size:13px}" +
    "blockquote{margin:.5em 0;padding-left:12px;border-left:3px solid #8886}</style>";
}

function nonceOfPage(): string {
  return document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
}
