import { bold, green, red, yellow } from "@std/fmt/colors";
import type { Output } from "./output.ts";

/** The styles for the parts of a text. */
export interface Palette {
  title(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  hint(text: string): string;
}

/** The palette for terminals. */
export const COLORED: Palette = { title: bold, good: green, bad: red, hint: yellow };

const asItIs = (text: string) => text;

/** The palette for everything else. */
export const PLAIN: Palette = { title: asItIs, good: asItIs, bad: asItIs, hint: asItIs };

/** Chooses colours for a terminal, unless the variable NO_COLOR is set. */
export function paletteFor(output: Pick<Output, "isTerminal">, { noColor = Deno.noColor } = {}): Palette {
  return output.isTerminal() && !noColor ? COLORED : PLAIN;
}
