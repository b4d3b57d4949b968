/**
 * Elements that run, embed or connect. A template may become a shadow tree, which a search does not enter. An animation
 * of SVG sets an attribute after it was checked.
 */
const ACTIVE =
  "script, style, iframe, frame, frameset, fencedframe, object, embed, portal, link, meta, base, template, form, video, audio, " +
  "animate, animateMotion, animateTransform, set, discard";

/** Attributes with several addresses, of which the first may hide the others. */
const ADDRESS_LISTS = ["srcset", "imagesrcset"];

/** Attributes with an address, which a browser may resolve or connect to before a click. */
const ADDRESSES = [
  "href",
  "xlink:href",
  "src",
  "background",
  "poster",
  "data",
  "ping",
  "action",
];

/** HTML of a program as nodes that make no request. Other addresses than `#…` and `data:` are left out. */
export interface InertHtml {
  readonly nodes: readonly Node[];
  /** The rules of its styles, as the browser has parsed them. */
  readonly css: string;
  /** The `style` attributes. The page's policy refuses them to a parser, and allows a script to set them. */
  readonly styles: readonly (readonly [element: HTMLElement | SVGElement, css: string])[];
}

/** Parses HTML of a program. */
export function toInertHtml(html: string): InertHtml {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const { body } = parsed;
  const css = [...parsed.querySelectorAll("style")].map(({ textContent }) => toInertCss(textContent ?? "")).join("\n");
  for (const element of body.querySelectorAll(ACTIVE)) element.remove();
  const styles: [HTMLElement | SVGElement, string][] = [];
  for (const element of body.querySelectorAll("*")) {
    for (const name of ADDRESS_LISTS) element.removeAttribute(name);
    for (const name of ADDRESSES) {
      if (!/^(#|data:)/i.test(element.getAttribute(name) ?? "#")) element.removeAttribute(name);
    }
    const style = element.getAttribute("style");
    element.removeAttribute("style");
    if (style !== null && (element instanceof HTMLElement || element instanceof SVGElement)) {
      styles.push([element, toInertDeclarations(style)]);
    }
  }
  return { nodes: [...body.childNodes], css, styles };
}

/** Parses rules as the browser does, which resolves escapes. Imports and what has an address are left out. */
function toInertCss(css: string): string {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css); // Imports are left out by it.
  return toInertRules(sheet.cssRules);
}

function toInertRules(rules: CSSRuleList): string {
  return [...rules].filter((rule) => !(rule instanceof CSSNamespaceRule)).map((rule) => {
    dropAddresses(rule);
    return rule.cssText;
  }).join("\n");
}

function dropAddresses(rule: CSSRule): void {
  const { cssRules, style } = rule as Partial<CSSStyleRule & CSSGroupingRule>;
  if (style !== undefined) dropFrom(style);
  for (const inner of cssRules ?? []) dropAddresses(inner);
}

function toInertDeclarations(css: string): string {
  const { style } = document.createElement("p");
  style.cssText = css;
  dropFrom(style);
  return style.cssText;
}

/** Removes the declarations that name an address other than `#…` and `data:`. */
function dropFrom(style: CSSStyleDeclaration): void {
  for (const name of [...style]) {
    const addresses = style.getPropertyValue(name).match(/(?:url|src|image-set)\(\s*["']?(?:data:|#)?/gi) ?? [];
    if (addresses.some((address) => !/(data:|#)$/i.test(address))) style.removeProperty(name);
  }
}
