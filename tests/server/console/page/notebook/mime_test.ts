import { assertEquals } from "@std/assert";
import { formsOf, toDataUrl } from "../../../../../src/server/console/page/notebook/mime.ts";

Deno.test("formsOf() finds the richest form that the page can show", () => {
  const table: [data: Record<string, unknown>, type: string | undefined][] = [
    [{ "text/plain": "a", "image/png": "AAAA" }, "image/png"],
    [{ "text/plain": "a", "text/html": "<b>a</b>" }, "text/html"],
    [{ "text/plain": "a", "application/json": { a: 1 } }, "application/json"],
    [{ "application/vnd.unknown": 1 }, undefined],
    [{}, undefined],
  ];
  for (const [data, type] of table) assertEquals(formsOf(data)[0]?.type, type);
  assertEquals(formsOf({ "application/json": { a: 1 } })[0]?.content, '{\n  "a": 1\n}');
});

Deno.test("toDataUrl() carries SVG as text, and other images as base64 without its line breaks", () => {
  assertEquals(toDataUrl("image/png", "AA\nAA\n"), "data:image/png;base64,AAAA");
  assertEquals(toDataUrl("image/svg+xml", '<svg a="#1"/>'), "data:image/svg+xml,%3Csvg%20a%3D%22%231%22%2F%3E");
  assertEquals(toDataUrl("image/svg+xml", "\ud800"), "data:image/svg+xml,%EF%BF%BD");
});
