import { FIELDS } from "./define.js";
import { host } from "./host.js";
import { partOf } from "./parts.js";

/** Encodes as `application/x-www-form-urlencoded` does. */
function encodeForm(text) {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()~]|%20/g,
    (found) => found === "%20" ? "+" : `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decodeForm(text) {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  const { TextDecoder, TextEncoder } = partOf("encoding"); // The globals may be the program's own.
  const bytes = [];
  for (let at = 0; at < spaced.length; at++) {
    const pair = /^%[\da-f]{2}/i.exec(spaced.slice(at, at + 3));
    if (pair === null) {
      const point = String.fromCodePoint(spaced.codePointAt(at));
      bytes.push(...new TextEncoder().encode(point));
      at += point.length - 1;
    } else {
      bytes.push(parseInt(spaced.slice(at + 1, at + 3), 16));
      at += 2;
    }
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** Functions that inform a URL of changed parameters, by the parameters. */
const owners = new WeakMap();

/** URL's URLSearchParams. */
export class URLSearchParams {
  #pairs = [];

  constructor(init = "") {
    if (typeof init === "object" && init !== null) {
      const pairs = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
      this.#pairs = pairs.map((pair) => {
        const parts = [...pair];
        if (parts.length !== 2) throw new TypeError("Each parameter is a pair of a name and a value");
        return parts.map(String);
      });
    } else this.#parse(String(init));
  }

  #parse(text) {
    const parts = text.replace(/^\?/, "").split("&").filter((part) => part !== "");
    this.#pairs = parts.map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [decodeForm(part), ""] : [decodeForm(part.slice(0, at)), decodeForm(part.slice(at + 1))];
    });
  }

  #changed() {
    owners.get(this)?.(this.toString());
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#pairs.push([String(name), String(value)]);
    this.#changed();
  }

  delete(name, value) {
    this.#pairs = this.#pairs.filter(([known, own]) =>
      known !== String(name) || (value !== undefined && own !== String(value))
    );
    this.#changed();
  }

  get(name) {
    return this.#pairs.find(([known]) => known === String(name))?.[1] ?? null;
  }

  getAll(name) {
    return this.#pairs.filter(([known]) => known === String(name)).map(([, value]) => value);
  }

  has(name, value) {
    return this.#pairs.some(([known, own]) => known === String(name) && (value === undefined || own === String(value)));
  }

  set(name, value) {
    const at = this.#pairs.findIndex(([known]) => known === String(name));
    if (at < 0) return this.append(name, value);
    this.#pairs[at] = [String(name), String(value)];
    this.#pairs = this.#pairs.filter(([known], index) => index <= at || known !== String(name));
    this.#changed();
  }

  sort() {
    this.#pairs.sort(([one], [other]) => one < other ? -1 : one > other ? 1 : 0);
    this.#changed();
  }

  forEach(callback, self) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (let at = 0; at < this.#pairs.length; at++) yield [...this.#pairs[at]];
  }

  *keys() {
    for (const [name] of this.entries()) yield name;
  }

  *values() {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#pairs.map((pair) => pair.map(encodeForm).join("=")).join("&");
  }

  get [Symbol.toStringTag]() {
    return "URLSearchParams";
  }

  /** Takes over a query without informing its owner. */
  static follow(params, text) {
    params.#parse(text);
  }
}

const { follow } = URLSearchParams;
delete URLSearchParams.follow;

const PARTS = [
  ...["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"],
];

function parse(text, base) {
  const found = host.parseUrl(String(text), base === undefined ? undefined : String(base));
  return found === "" ? undefined : JSON.parse(found);
}

function invalid(text) {
  return Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL", input: String(text) });
}

/** URL's URL, which the process of the slot parses. */
export class URL {
  #parts;
  #params;

  constructor(text, base) {
    const parts = parse(text, base);
    if (parts === undefined) throw invalid(text);
    this.#parts = parts;
  }

  static canParse(text, base) {
    return parse(text, base) !== undefined;
  }

  static parse(text, base) {
    return URL.canParse(text, base) ? new URL(text, base) : null;
  }

  get searchParams() {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams(this.#parts[PARTS.indexOf("search")]);
      owners.set(this.#params, (query) => this.#change("search", query));
    }
    return this.#params;
  }

  #change(part, value) {
    const text = String(value);
    const changed = host.changeUrl(this.#parts[0], part, text);
    if (changed === "") throw invalid(text);
    this.#parts = JSON.parse(changed);
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  [FIELDS]() {
    return Object.fromEntries(PARTS.map((part) => [part, this[part]]));
  }

  get [Symbol.toStringTag]() {
    return "URL";
  }

  static {
    PARTS.forEach((part, index) =>
      Object.defineProperty(URL.prototype, part, {
        configurable: true,
        enumerable: true,
        get() {
          return this.#parts[index];
        },
        set: part === "origin" ? undefined : function (value) {
          this.#change(part, value);
          if (this.#params !== undefined) follow(this.#params, this.#parts[PARTS.indexOf("search")]);
        },
      })
    );
  }
}
