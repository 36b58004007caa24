import Testing

@testable import DirtyScript

/// What people read when any other command is wrong. The first line given is line 6.
@Suite struct CommandComplaintTests {
    @Test func `set-up after the first operation`() {
        let lines = #"""
            file x 4 ext5
            file x 4 ext4
            A fsync x
            cpus 2
            kernel 6.18
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:1: error: 'file' belongs to the set-up, before the first operation (line 4)
              file x 4 ext5
              ^~~~
            test.demo:7:1: error: 'file' belongs to the set-up, before the first operation (line 4)
              file x 4 ext4
              ^~~~
            test.demo:9:1: error: 'cpus' belongs to the set-up, before the first operation (line 4)
              cpus 2
              ^~~~
            test.demo:10:1: error: 'kernel' belongs to the set-up, before the first operation (line 4)
              kernel 6.18
              ^~~~~~
            """#)
    }

    @Test func `labels and steps`() {
        let lines = #"""
            W: say "x"
            W: race
            W: foo
            W:
            A: A exit
            step V
            step
            step W 0
            step W until
            step W until set-page
            finish A
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:4: error: the label 'W' is for an operation, and 'say' is none
              W: say "x"
                 ^~~
            test.demo:7:4: error: the label 'W' is for an operation, and 'race' is none
              W: race
                 ^~~~
            test.demo:8:4: error: unknown command or process 'foo'
              W: foo
                 ^~~
            test.demo:9:3: error: the command is missing; expected a command or a process
              W:
                ^
            test.demo:10:1: error: 'A' is already a process, since line 2
              A: A exit
              ^
            test.demo:11:6: error: unknown label 'V'; expected W
              step V
                   ^
            test.demo:12:5: error: the label is missing; expected W
              step
                  ^
            test.demo:13:8: error: invalid number of steps '0'; expected a number from 1 to 1000000 or 'until'
              step W 0
                     ^
            test.demo:14:13: error: the kernel function is missing
              step W until
                          ^
            test.demo:15:14: error: unexpected 'set-page'; expected the name of a kernel function
              step W until set-page
                           ^~~~~~~~
            test.demo:16:8: error: 'A' is a process; expected W
              finish A
                     ^
            """#)
    }

    @Test func races() {
        let lines = #"""
            end
            race extra
            race
            expect ok
            W2: A exit
            C exit
            end now
            race
            V: A wirte m
            end
            V: A wirte m
            finish V
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:1: error: 'end' without a race
              end
              ^~~
            test.demo:7:6: error: unexpected 'extra'; expected the end of the line
              race extra
                   ^~~~~
            test.demo:8:1: error: races do not nest (open since line 7); expected an operation or 'end'
              race
              ^~~~
            test.demo:9:1: error: only operations may stand in a race (open since line 7); expected an operation or 'end'
              expect ok
              ^~~~~~
            test.demo:10:1: error: a line of a race takes no label (open since line 7)
              W2: A exit
              ^~
            test.demo:11:1: error: unknown process 'C'; expected A or B
              C exit
              ^
            test.demo:12:5: error: unexpected 'now'; expected the end of the line
              end now
                  ^~~
            test.demo:14:1: error: a line of a race takes no label (open since line 13)
              V: A wirte m
              ^
            test.demo:16:6: error: unknown operation 'wirte'; expected mmap, munmap, mprotect, madvise, mremap, remap, msync, read, write, pread, pwrite, fsync, ftruncate, poke, peek, pin, unpin, pinwrite, fork or exit
              V: A wirte m
                   ^~~~~
              did you mean 'write'?
            """#)
    }

    @Test func expectations() {
        let lines = #"""
            expect
            expect EFOO
            expect nr_dirt == 1
            expect nr_dirty = 1
            expect nr_dirty
            expect value x
            expect value "null"
            expect faults
            expect faults minor=1 minor=2
            expect db[0]
            expect db[0] present
            expect db[0] dirty !dirty
            expect A m[0] dirty absent
            expect A m[0] !writ
            expect disk db[0]
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:7: error: the expectation is missing; expected an outcome, a process, a file, a counter, value, faults, disk, lost, invariant, !invariant or invariants
              expect
                    ^
            test.demo:7:8: error: unknown expectation 'EFOO'; expected an outcome, a process, a file, a counter, value, faults, disk, lost, invariant, !invariant or invariants
              expect EFOO
                     ^~~~
            test.demo:8:8: error: unknown expectation 'nr_dirt'; expected an outcome, a process, a file, a counter, value, faults, disk, lost, invariant, !invariant or invariants
              expect nr_dirt == 1
                     ^~~~~~~
              did you mean 'nr_dirty'?
            test.demo:9:17: error: unknown comparison '='; expected ==, !=, <, <=, > or >=
              expect nr_dirty = 1
                              ^
            test.demo:10:16: error: the comparison is missing; expected ==, !=, <, <=, > or >=
              expect nr_dirty
                             ^
            test.demo:11:14: error: invalid value 'x'; expected a number from 0 to 4294967295 or 'null'
              expect value x
                           ^
            test.demo:12:14: error: unexpected text in quotes; expected a number from 0 to 4294967295
              expect value "null"
                           ^~~~~~
            test.demo:13:14: error: the number of faults is missing; expected minor=N or major=N
              expect faults
                           ^
            test.demo:14:23: error: 'minor=' stands here twice
              expect faults minor=1 minor=2
                                    ^~~~~~~
            test.demo:15:13: error: the page flag is missing; expected cached, dirty, writeback, uptodate, locked or mapped
              expect db[0]
                          ^
            test.demo:16:14: error: unknown page flag 'present'; expected cached, dirty, writeback, uptodate, locked or mapped
              expect db[0] present
                           ^~~~~~~
            test.demo:17:20: error: 'dirty' stands here twice
              expect db[0] dirty !dirty
                                 ^~~~~~
            test.demo:18:21: error: 'absent' says everything by itself; expected no other PTE bit
              expect A m[0] dirty absent
                                  ^~~~~~
            test.demo:19:16: error: unknown PTE bit 'writ'; expected present, write, user, accessed, dirty, soft-dirty, exec or absent
              expect A m[0] !writ
                             ^~~~
              did you mean 'write'?
            test.demo:20:18: error: the value is missing; expected the value on disk
              expect disk db[0]
                               ^
            """#)
    }

    @Test func predictions() {
        expectComplaints(
            behind("predict\npredict fault\npredict db\npredict A m[0..1]\npredict disk\nnote\npredict next 3"),
            """
            test.demo:6:8: error: the thing to predict is missing; expected a process, a file, a counter, next, faults, outcome, value, writes, disk or survives
              predict
                     ^
            test.demo:7:9: error: unknown thing to predict 'fault'; expected a process, a file, a counter, next, faults, outcome, value, writes, disk or survives
              predict fault
                      ^~~~~
              did you mean 'faults'?
            test.demo:8:9: error: a prediction is about one page; expected db[0] or another page
              predict db
                      ^~
            test.demo:9:11: error: a prediction is about one page; expected m[0] or another page
              predict A m[0..1]
                        ^~~~~~~
            test.demo:10:13: error: the file is missing; expected db
              predict disk
                          ^
            test.demo:11:5: error: the text is missing; expected a text in double quotes
              note
                  ^
            test.demo:12:14: error: unexpected '3'; expected a text in double quotes
              predict next 3
                           ^
            """)
    }

    @Test func presentation() {
        let lines = #"""
            say hello
            say "hello
            say "a\tb"
            pause 1.5
            pause 4000s
            focus C m[0]
            focus W
            show 1
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:5: error: unexpected 'hello'; expected a text in double quotes
              say hello
                  ^~~~~
            test.demo:7:5: error: this string has no end; expected a closing '"'
              say "hello
                  ^~~~~~
            test.demo:8:7: error: unknown escape in a string; expected \", \\ or \n
              say "a\tb"
                    ^~
            test.demo:9:7: error: invalid time '1.5'; expected seconds as in 2s or 1.5s, up to 3600s
              pause 1.5
                    ^~~
            test.demo:10:7: error: invalid time '4000s'; expected seconds as in 2s or 1.5s, up to 3600s
              pause 4000s
                    ^~~~~
            test.demo:11:7: error: unknown process or file 'C'; expected A, B or db
              focus C m[0]
                    ^
            test.demo:12:7: error: 'W' is a label; expected A, B or db
              focus W
                    ^
            test.demo:13:6: error: invalid name '1'; expected a letter, then letters, digits, '_' or '-'
              show 1
                   ^
            """#)
    }
}
