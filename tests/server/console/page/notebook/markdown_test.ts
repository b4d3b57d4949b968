import { assert, assertEquals } from "@std/assert";
import { renderMarkdown } from "../../../../../src/server/console/page/notebook/markdown.ts";

Deno.test("renderMarkdown() renders what notebooks use of Markdown", () => {
  const table: readonly (readonly [source: string, html: string])[] = [
    ["# One *two*\ntext", "<h1>One <em>two</em></h1>\n<p>text</p>"],
    ["Title\n=====", "<h1>Title</h1>"],
    ["a **b** `c < *d*` __e__", "<p>a <strong>b</strong> <code>c &lt; *d*</code> <strong>e</strong></p>"],
    ["snake_case_name 2 * 3 * 4", "<p>snake_case_name 2 * 3 * 4</p>"],
    ["- a\n- b\n  1. c\n\npara", '<ul><li>a</li><li>b<ol start="1"><li>c</li></ol></li></ul>\n<p>para</p>'],
    ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
    ["> q\n> r", "<blockquote><p>q\nr</p></blockquote>"],
    ["```py\nx < 1\n\n# no\n```\nend", "<pre><code>x &lt; 1\n\n# no</code></pre>\n<p>end</p>"],
    ["---", "<hr>"],
    ["[a](https://x.y/_z_) ![b](data:c)", '<p><a href="https://x.y/_z_">a</a> <img src="data:c" alt="b"></p>'],
    ["$a_1 * b_2$ and \\*no\\*", "<p>$a_1 * b_2$ and *no*</p>"],
    ["<b>raw</b> 1 < 2 & 3", "<b>raw</b> 1 < 2 & 3"],
    ["x <br> 1 < 2", "<p>x <br> 1 &lt; 2</p>"],
    [
      "| a | b |\n|---|--:|\n| 1 | 2 |",
      '<table><thead><tr><th style="text-align:left">a</th><th style="text-align:right">b</th></tr></thead>' +
      '<tbody><tr><td style="text-align:left">1</td><td style="text-align:right">2</td></tr></tbody></table>',
    ],
  ];
  for (const [source, html] of table) assertEquals(renderMarkdown(source), html, source);
});

Deno.test("renderMarkdown() takes any depth of quotes and lists, and long runs of each mark", () => {
  for (const part of ["> ", "- ", "*", "_", "`", "[", "![", "<", "$", "~~", "\\", "|", "#", "1. "]) {
    const source = part.repeat(5_000);
    assert(typeof renderMarkdown(source) === "string", part);
    assert(typeof renderMarkdown(`${source}\n${source}x`) === "string", part);
  }
});
