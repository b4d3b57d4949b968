<?php
// Lets a PHP process be warm. This file is the placeholder of the program's file: PHP has opened it as the program, and
// runs it before that as auto_prepend_file, so that no further file is among the included ones. It reports on stderr
// that the program may begin, waits for a byte on stdin (src/core/child_protocol.ts), and writes the file that has
// replaced the placeholder into the file that PHP has opened and not read.
(static function (string $program): void {
    $opened = fopen($program, 'r+');
    fwrite(STDERR, "\0\x07\0");
    $input = fopen('php://stdin', 'r');
    stream_set_read_buffer($input, 0);
    if (fread($input, 1) === '') exit(0); // The service is gone.
    ftruncate($opened, 0);
    $code = file_get_contents($program);
    if ($code === false || @fwrite($opened, $code) !== strlen($code)) {
        fwrite(STDERR, "Cannot read the program: no space is left\n");
        exit(255);
    }
})($argv[0]);
