/** The same program for every contender of a language. */
export const PROGRAMS = {
  typescript: 'console.log("hello", 40 + 2);',
  node: 'console.log("hello", 40 + 2);',
  bun: 'console.log("hello", 40 + 2);',
  python: 'print("hello", 40 + 2)',
  perl: 'print "hello ", 40 + 2, "\\n";',
  ruby: 'puts "hello #{40 + 2}"',
  php: '<?php echo "hello ", 40 + 2, "\\n";',
  lua: 'print("hello " .. 40 + 2)',
  r: 'cat("hello", 40 + 2, fill = TRUE)',
  java: 'class Main { public static void main(String[] args) { System.out.println("hello " + (40 + 2)); } }',
  bash: 'echo "hello $((40 + 2))"',
  sh: 'echo "hello $((40 + 2))"',
  cpp: '#include <iostream>\nint main() { std::cout << "hello " << 40 + 2 << "\\n"; }',
  rust: 'fn main() { println!("hello {}", 40 + 2); }',
  c: '#include <stdio.h>\nint main(void) { printf("hello %d\\n", 40 + 2); return 0; }',
} as const;
