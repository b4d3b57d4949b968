/** The same program for every contender of a language. */
export const PROGRAMS = {
  typescript: 'console.log("hello", 40 + 2);',
  node: 'console.log("hello", 40 + 2);',
  bun: 'console.log("hello", 40 + 2);',
  python: 'print("hello", 40 + 2)',
} as const;
