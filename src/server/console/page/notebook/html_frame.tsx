import { useMemo, useRef, useState } from "preact/hooks";
import { useScheme } from "../shell/use_scheme.ts";

const MAX_HEIGHT_PX = 640;

/**
 * HTML of a program, in a frame of its own. The frame runs no script, sends no form and opens no window (`sandbox`), and
 * has the page's policy, so that it loads nothing from elsewhere. It is of the page's origin so that its height can be
 * read.
 */
export function HtmlFrame({ html, label }: { readonly html: string; readonly label: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(40);
  const scheme = useScheme();
  const document = useMemo(() => `${headOf(scheme)}${html}`, [html, scheme]);
  const measure = () => {
    const content = frame.current?.contentDocument?.documentElement.scrollHeight ?? 0;
    setHeight(Math.min(MAX_HEIGHT_PX, Math.max(24, content)));
  };
  return (
    <iframe
      ref={frame}
      class="display display-html"
      title={`${label} as HTML`}
      sandbox="allow-same-origin"
      srcdoc={document}
      style={{ height: `${height}px` }}
      onLoad={measure}
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
