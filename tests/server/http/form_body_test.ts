import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { findEnd, formParts } from "../../../src/server/http/form_body.ts";

const encoder = new TextEncoder();

/** Reads a form whose boundary is b. */
function read(text: string) {
  return [...formParts(encoder.encode(text), "b")].map(({ bytes, ...names }) => ({
    ...names,
    text: new TextDecoder().decode(bytes),
  }));
}

/** The name that a part with such parameters has for its file. */
function filenameOf(parameters: string): string | undefined {
  return read(`--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n\r\n--b--`)[0]?.filename;
}

Deno.test("findEnd() reads each byte once, also of a body that is all but its boundary", () => {
  const length = 10_000;
  for (const boundary of ["-".repeat(69) + "b", "a".repeat(70), "b" + "a".repeat(69), "b"]) {
    for (const repeated of ["-", "a", "\r", "\r\n", "\r\n--", `\r\n--${boundary.slice(0, -1)}`, "\r\n\r"]) {
      for (const text of [`\r\n--${boundary}`, "\r\n\r\n"]) {
        let reads = 0;
        const bytes = new Proxy(encoder.encode(repeated.repeat(length).slice(0, length)), {
          get(target, key) {
            if (key !== "length") reads++;
            return Reflect.get(target, key, target);
          },
        });
        findEnd(bytes, encoder.encode(text));
        assert(reads <= length, `It reads ${reads} bytes of ${length} to find ${JSON.stringify(text)}`);
      }
    }
  }
});

Deno.test("formParts() gives views of the bytes between boundaries, whatever they hold", () => {
  const contents = ["", "\r\n", "\r\n--", "\r\r\n--a", "--b", "\r\n\r\n", "a\r\n-\r\n--\r\n"];
  const part = (content: string) => `--b\r\nContent-Disposition: form-data; name="n"\r\nX: y\r\n\r\n${content}\r\n`;
  const form = `${contents.map(part).join("")}--b--`;
  const expected = contents.map((text) => ({ name: "n", filename: undefined, text }));
  for (const text of [form, `\r\n${form}`, `preamble\r\n${form}\r\nepilogue`]) assertEquals(read(text), expected);
  assertEquals(read("--b\r\n\r\nx\r\n--b--"), [{ name: undefined, filename: undefined, text: "x" }]);
  assertEquals(read("--b--"), []);
  const bytes = encoder.encode(form);
  assert([...formParts(bytes, "b")].every((part) => part.bytes.buffer === bytes.buffer), "A part is a copy");
});

Deno.test("formParts() reads the names of files as browsers, E2B's clients and curl write them", () => {
  const table = [
    ['name="file"; filename="data/year=2024;a, b.csv"', "data/year=2024;a, b.csv"],
    ['name="file"; filename="%22q%22 %0D%0A 100%25"', '"q" \r\n 100%25'],
    ['name="file"; filename="a\\b"', "a\\b"],
    ['name="file"; filename="ünï/文件"', "ünï/文件"],
    ['name="a; filename=b"', undefined],
    ["name=file; filename=plain.txt", "plain.txt"],
    ['filename="x"; name="file"; filename*=UTF-8\'\'%E2%82%AC.txt', "€.txt"],
    ['name="file"; filename=" spaced "', " spaced "],
    ['name="file"; filename=""', ""],
  ] as const;
  for (const [parameters, filename] of table) {
    assertEquals([parameters, filenameOf(parameters)], [parameters, filename]);
  }
});

Deno.test("formParts() refuses what is no form, and headers without a bound", () => {
  const head = '--b\r\nContent-Disposition: form-data; name="n"';
  const long = `${head}\r\nX: ${"x".repeat(17_000)}\r\n\r\n\r\n--b--`;
  for (
    const text of [
      "",
      "x",
      "--b",
      "--b\r\n",
      "--b \r\n\r\n\r\n--b--",
      `${head}\r\n\r\nx`,
      `${head}\r\n\r\nx--b--`,
      long,
    ]
  ) {
    assertEquals([text, assertThrows(() => read(text), CodeBeakerError).code], [text, "invalid_request"]);
  }
});
