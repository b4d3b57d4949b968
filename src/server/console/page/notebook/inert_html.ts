/**
 * Elements that run, embed or connect, and styles, which the policy refuses. A template may become a shadow tree, which
 * a search does not enter. An animation of SVG sets an attribute after it was checked.
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

/** Parses HTML of a program into nodes that make no request. Other addresses than `#…` and `data:` are left out. */
export function toInertNodes(html: string): Node[] {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const element of body.querySelectorAll(ACTIVE)) element.remove();
  for (const element of body.querySelectorAll("*")) {
    for (const name of ADDRESS_LISTS) element.removeAttribute(name);
    for (const name of ADDRESSES) {
      if (!/^(#|data:)/i.test(element.getAttribute(name) ?? "#")) element.removeAttribute(name);
    }
  }
  return [...body.childNodes];
}
