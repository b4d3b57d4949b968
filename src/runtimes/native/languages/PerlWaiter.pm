# Lets a Perl process be warm: Perl uses this module after it has opened the program's file and before it reads it. It
# reports on stderr that the program may begin, and waits for a byte on stdin (src/core/child_protocol.ts). Then it opens
# the file that has replaced the placeholder, under the placeholder's descriptor, and removes the traces of itself.
package PerlWaiter;
my $inode = (stat $0)[1];
syswrite(STDERR, "\0\x07\0");
sysread(STDIN, my $go, 1) or exit 0; # The service is gone.
{
    my ($descriptor) = grep { ((stat "/proc/self/fd/$_")[1] // 0) == $inode } 3 .. 9;
    local $^F = 255; # Descriptors up to it keep their number when their handle opens another file.
    my $program;
    defined $descriptor && open($program, "<&=", $descriptor) && open($program, "<", $0)
        or exec { "/proc/self/exe" } $^X, $0, @ARGV; # This Perl has opened its program in another way.
}
shift @INC;
delete $INC{"PerlWaiter.pm"};
delete $::{"PerlWaiter::"};
$! = 0;
1;
