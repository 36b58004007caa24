import Testing

@testable import DirtyScript

/// What people read when the set-up is wrong, and where the line itself is hard to show.
@Suite struct SetUpComplaintTests {
    @Test(arguments: [
        (
            #"""
            file x 4 ext5
            """#,
            #"""
            test.demo:1:10: error: unknown file system 'ext5'; expected ext3, ext4, xfs, nfs, tmpfs or ramfs
              file x 4 ext5
                       ^~~~
              did you mean 'ext4'?
            """#
        ),
        (
            #"""
            file x 4 zfs
            """#,
            #"""
            test.demo:1:10: error: unknown file system 'zfs'; expected ext3, ext4, xfs, nfs, tmpfs or ramfs
              file x 4 zfs
                       ^~~
              did you mean 'xfs'?
            """#
        ),
        (
            #"""
            file x 4
            """#,
            #"""
            test.demo:1:9: error: the file system is missing; expected ext3, ext4, xfs, nfs, tmpfs or ramfs
              file x 4
                      ^
            """#
        ),
        (
            #"""
            file x many ext4
            """#,
            #"""
            test.demo:1:8: error: invalid number of pages 'many'; expected a number from 0 to 268435456
              file x many ext4
                     ^~~~
            """#
        ),
        (
            #"""
            file x 268435457 ext4
            """#,
            #"""
            test.demo:1:8: error: invalid number of pages '268435457'; expected a number from 0 to 268435456
              file x 268435457 ext4
                     ^~~~~~~~~
            """#
        ),
        (
            #"""
            file x 4 ext4 cached cached
            """#,
            #"""
            test.demo:1:22: error: 'cached' stands here twice
              file x 4 ext4 cached cached
                                   ^~~~~~
            """#
        ),
        (
            #"""
            file x 4 ext4 data=jornal
            """#,
            #"""
            test.demo:1:20: error: unknown data mode 'jornal'; expected ordered, writeback or journal
              file x 4 ext4 data=jornal
                                 ^~~~~~
              did you mean 'journal'?
            """#
        ),
        (
            #"""
            file x 4 ext4 bufers=2
            """#,
            #"""
            test.demo:1:15: error: unknown option 'bufers=2'; expected cached, buffers=, mkwrite, data=ordered, data=writeback, data=journal, folio= or the end of the line
              file x 4 ext4 bufers=2
                            ^~~~~~~~
              did you mean 'buffers='?
            """#
        ),
        (
            #"""
            file x 4 ext4 buffers=5
            """#,
            #"""
            test.demo:1:23: error: invalid number of buffers '5'; expected a number from 1 to 4
              file x 4 ext4 buffers=5
                                    ^
            """#
        ),
        (
            #"""
            file anon 4 ext4
            """#,
            #"""
            test.demo:1:6: error: 'anon' is a word of the language and cannot name a file
              file anon 4 ext4
                   ^~~~
            """#
        ),
        (
            #"""
            file nr_dirty 4 ext4
            """#,
            #"""
            test.demo:1:6: error: 'nr_dirty' is a word of the language and cannot name a file
              file nr_dirty 4 ext4
                   ^~~~~~~~
            """#
        ),
        (
            #"""
            kernel 2.6.17
            """#,
            #"""
            test.demo:1:8: error: unknown kernel '2.6.17'; expected 2.6.18, as-posted, 2.6.19, 2.6.20 or 6.18
              kernel 2.6.17
                     ^~~~~~
              did you mean '2.6.18'?
            """#
        ),
        (
            #"""
            kernel 6.18
            kernel 6.18
            """#,
            #"""
            test.demo:2:1: error: 'kernel' was given already, on line 1
              kernel 6.18
              ^~~~~~
            """#
        ),
        (
            #"""
            cpus 0
            """#,
            #"""
            test.demo:1:6: error: invalid number of CPUs '0'; expected a number from 1 to 8
              cpus 0
                   ^
            """#
        ),
        (
            #"""
            cpus two
            """#,
            #"""
            test.demo:1:6: error: invalid number of CPUs 'two'; expected a number from 1 to 8
              cpus two
                   ^~~
            """#
        ),
        (
            #"""
            frames 4194305
            """#,
            #"""
            test.demo:1:8: error: invalid number of frames '4194305'; expected a number from 1 to 4194304
              frames 4194305
                     ^~~~~~~
            """#
        ),
        (
            #"""
            dirty limit=3
            """#,
            #"""
            test.demo:1:14: error: a threshold is missing; expected background=N and limit=N
              dirty limit=3
                           ^
            """#
        ),
        (
            #"""
            dirty
            """#,
            #"""
            test.demo:1:6: error: a threshold is missing; expected background=N and limit=N
              dirty
                   ^
            """#
        ),
        (
            #"""
            process A cpu=3
            cpus 2
            """#,
            #"""
            test.demo:1:15: error: there is no CPU 3; expected 0 to 1, or 'cpus' with more of them
              process A cpu=3
                            ^
            """#
        ),
        (
            #"""
            process A cpu=1
            cpus 1
            """#,
            #"""
            test.demo:1:15: error: there is no CPU 1; expected 0, the only one
              process A cpu=1
                            ^
            """#
        ),
        (
            #"""
            device d 4 pfnmp
            """#,
            #"""
            test.demo:1:12: error: unknown kind of device 'pfnmp'; expected pfnmap, insertpage, custom-prot or mkwrite
              device d 4 pfnmp
                         ^~~~~
              did you mean 'pfnmap'?
            """#
        ),
        (
            #"""
            rule a
            """#,
            #"""
            test.demo:1:7: error: the value of the rule is missing
              rule a
                    ^
            """#
        ),
        (
            #"""
            title two words
            """#,
            #"""
            test.demo:1:7: error: unexpected 'two'; expected a text in double quotes
              title two words
                    ^~~
            """#
        ),
        (
            #"""
            race
            race
            end
            """#,
            #"""
            test.demo:2:1: error: races do not nest (open since line 1); expected an operation or 'end'
              race
              ^~~~
            """#
        ),
        (
            #"""
            race
            expect ok
            end
            """#,
            #"""
            test.demo:2:1: error: only operations may stand in a race (open since line 1); expected an operation or 'end'
              expect ok
              ^~~~~~
            """#
        ),
        (
            #"""
            race
            """#,
            #"""
            test.demo:1:1: error: this race has no 'end'
              race
              ^~~~
            """#
        ),
        (
            #"""
            process A
            race
            W: A exit
            end
            """#,
            #"""
            test.demo:3:1: error: a line of a race takes no label (open since line 2)
              W: A exit
              ^
            """#
        ),
        (
            #"""
            file x 4 ext5
            process A
            A fsync x
            expect x dirtyy
            """#,
            #"""
            test.demo:1:10: error: unknown file system 'ext5'; expected ext3, ext4, xfs, nfs, tmpfs or ramfs
              file x 4 ext5
                       ^~~~
              did you mean 'ext4'?
            test.demo:4:10: error: unknown page flag 'dirtyy'; expected cached, dirty, writeback, uptodate, locked or mapped
              expect x dirtyy
                       ^~~~~~
              did you mean 'dirty'?
            """#
        ),
    ]) func `a set-up`(text: String, complaints: String) {
        expectComplaints(text, complaints)
    }

    @Test(arguments: [
        (
            "say \u{201c}hi\u{201d}",
            #"""
            test.demo:3:5: error: unexpected character '“' (U+201C); expected straight double quotes
              say “hi”
                  ^
            """#
        ),
        (
            "A wr\u{0}ite m",
            #"""
            test.demo:3:5: error: unexpected character U+0000
              A wr?ite m
                  ^
            """#
        ),
        (
            // Two cells wide, which a screen of single cells could only replace.
            "A write 日",
            #"""
            test.demo:3:9: error: unexpected character U+65E5
              A write 日
                      ^~
            """#
        ),
        (
            "A write mé",
            #"""
            test.demo:3:10: error: unexpected character 'é' (U+00E9)
              A write mé
                       ^
            """#
        ),
        (
            "\tA  write\tm[9]",
            #"""
            test.demo:3:13: error: A's 'm' has no page 9; expected 0, its only page
               A  write m[9]
                          ^
            """#
        ),
        (
            "say \"日本語\" x",
            #"""
            test.demo:3:11: error: unexpected 'x'; expected the end of the line
              say "日本語" x
                           ^
            """#
        ),
        (
            "say \"\u{1b}[31m\"",
            #"""
            test.demo:3:6: error: unexpected character U+001B
              say "?[31m"
                   ^
            """#
        ),
        (
            "say \"\u{202e}abc\" x",
            #"""
            test.demo:3:12: error: unexpected 'x'; expected the end of the line
              say "?abc" x
                         ^
            """#
        ),
        (
            "A exit\rB exit",
            #"""
            test.demo:3:7: error: unexpected character U+000D
              A exit?B exit
                    ^
            """#
        ),
        (
            "say \"e\u{301}\" x # tail  ",
            #"""
            test.demo:3:10: error: unexpected 'x'; expected the end of the line
              say "é" x # tail
                      ^
            """#
        ),
    ]) func `a caret under text that is hard to show`(line: String, complaints: String) {
        expectComplaints("process A\nA mmap m anon[1] r shared\n" + line, complaints)
    }
}
