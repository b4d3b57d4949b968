import type { TestPrograms } from "../process/self_test/language_tests.ts";

const MEBIBYTES_16 = 16 << 20;

/** The programs of the self-test in PHP, on any interpreter. */
export const PHP_TEST_PROGRAMS: TestPrograms = {
  honest: "<?php echo 6 * 7, PHP_EOL;",
  readFile: (path) => `<?php echo @file_get_contents("${path}");`,
  connect: (port) => `<?php @fsockopen("127.0.0.1", ${port}, $code, $why, 1);`,
  exhaust:
    `<?php $kept = []; for ($n = 0; $n < 64; $n++) $kept[] = str_repeat("x", ${MEBIBYTES_16}); echo count($kept);`,
};
