<?php
// Lets a PHP process be warm. It is the placeholder of the program's file: PHP has opened it as the program, and runs it
// before as auto_prepend_file, so that it is no other file among those that are included. It reports on stderr that the
// program may begin, waits for a byte on stdin (src/core/child_protocol.ts), and writes what has come in its place into
// the file that PHP has opened and not read.
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
