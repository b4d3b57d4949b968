import { bold, green, red, yellow } from "@std/fmt/colors";
import type { Output } from "./output.ts";

/** How the parts of a text are shown. */
export interface Palette {
  title(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  hint(text: string): string;
}

/** For terminals. */
export const COLORED: Palette = { title: bold, good: green, bad: red, hint: yellow };

const asItIs = (text: string) => text;

/** For everything else. */
export const PLAIN: Palette = { title: asItIs, good: asItIs, bad: asItIs, hint: asItIs };

/** Colours for a terminal, unless the variable NO_COLOR is set. */
export function paletteFor(output: Pick<Output, "isTerminal">, { noColor = Deno.noColor } = {}): Palette {
  return output.isTerminal() && !noColor ? COLORED : PLAIN;
}
