import Testing

@testable import DirtyScript

/// What people read when an operation or a name is wrong. The first line given is line 6.
@Suite struct OperationComplaintTests {
    @Test func `what begins a line`() {
        let lines = #"""
            C write m[0]
            A wirte m[0]
            proces C
            write m[0]
            fork A
            "text"
            : A exit
            process write
            write exit now
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:1: error: unknown process 'C'; expected A or B
              C write m[0]
              ^
            test.demo:7:3: error: unknown operation 'wirte'; expected mmap, munmap, mprotect, madvise, mremap, remap, msync, read, write, pread, pwrite, fsync, ftruncate, poke, peek, pin, unpin, pinwrite, fork or exit
              A wirte m[0]
                ^~~~~
              did you mean 'write'?
            test.demo:8:1: error: unknown command or process 'proces'
              proces C
              ^~~~~~
              did you mean 'process'?
            test.demo:9:1: error: 'write' is an operation of a process; expected the name of a process before it
              write m[0]
              ^~~~~
            test.demo:10:1: error: 'fork' is an operation of a process; expected the name of a process before it
              fork A
              ^~~~
            test.demo:11:1: error: unexpected text in quotes; expected a command or a process
              "text"
              ^~~~~~
            test.demo:12:1: error: unexpected ':'; expected a command or a process
              : A exit
              ^
            test.demo:14:12: error: unexpected 'now'; expected the end of the line
              write exit now
                         ^~~
            """#)
    }

    @Test func names() {
        let lines = #"""
            process db
            process expect
            process 9a
            process aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            process m
            process C1 cpu=8
            process C2 cpu=2
            process C3 cpu
            process C4 cpu=0 cpu=1
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:9: error: 'db' is already a file, since line 1
              process db
                      ^~
            test.demo:7:9: error: 'expect' is a word of the language and cannot name a process
              process expect
                      ^~~~~~
            test.demo:8:9: error: invalid name '9a'; expected a letter, then letters, digits, '_' or '-'
              process 9a
                      ^~
            test.demo:9:9: error: this name is longer than 32 characters
              process aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
                      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            test.demo:10:9: error: 'm' is already a mapping, since line 4
              process m
                      ^
            test.demo:11:16: error: invalid CPU '8'; expected a number from 0 to 7
              process C1 cpu=8
                             ^
            test.demo:12:16: error: there is no CPU 2; expected 0 to 1, or 'cpus' with more of them
              process C2 cpu=2
                             ^
            test.demo:13:12: error: unknown option 'cpu'; expected cpu= or the end of the line
              process C3 cpu
                         ^~~
              did you mean 'cpu='?
            test.demo:14:18: error: 'cpu=' stands here twice
              process C4 cpu=0 cpu=1
                               ^~~~~
            """#)
    }

    @Test func mmap() {
        let lines = #"""
            A mmap m db rw shared
            A mmap db db rw shared
            A mmap n5 dbx rw shared
            A mmap n6 db[0..3] rz shared
            A mmap n7 db[0..3] rr shared
            A mmap n8 db[0..3] rw sharde
            A mmap n9 db
            A mmap n10 anon rw private
            A mmap n11 anon[0] rw private
            A mmap n12 anon[4] rw private rdonly
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:8: error: A has a mapping 'm' already, since line 4
              A mmap m db rw shared
                     ^
            test.demo:7:8: error: 'db' is already a file, since line 1
              A mmap db db rw shared
                     ^~
            test.demo:8:11: error: unknown file 'dbx'; expected db
              A mmap n5 dbx rw shared
                        ^~~
              did you mean 'db'?
            test.demo:9:20: error: unknown protection 'rz'; expected letters out of r, w and x, or none
              A mmap n6 db[0..3] rz shared
                                 ^~
            test.demo:10:20: error: unknown protection 'rr'; expected letters out of r, w and x, or none
              A mmap n7 db[0..3] rr shared
                                 ^~
            test.demo:11:23: error: unknown kind of mapping 'sharde'; expected shared or private
              A mmap n8 db[0..3] rw sharde
                                    ^~~~~~
              did you mean 'shared'?
            test.demo:12:13: error: the protection is missing; expected letters out of r, w and x, or none
              A mmap n9 db
                          ^
            test.demo:13:12: error: anonymous memory needs a size; expected anon[4] or another number of pages
              A mmap n10 anon rw private
                         ^~~~
            test.demo:14:17: error: invalid number of pages '0'; expected a number from 1 to 268435456
              A mmap n11 anon[0] rw private
                              ^
            test.demo:15:31: error: unknown option 'rdonly'; expected populate or the end of the line
              A mmap n12 anon[4] rw private rdonly
                                            ^~~~~~
            """#)
    }

    @Test func `operands and numbers`() {
        let lines = #"""
            A write
            A write n[0]
            B write m[0]
            A write m[4]
            A write m[3..4]
            A write m[5..2]
            A write m[
            A write m[]
            A write m[-1]
            A write m[99999999999999999999]
            A write m[2...3]
            A write [0]
            A write m[0] -1
            A write m[0] 4294967296
            A write m[0] 0x10
            A write m[0] 1 2
            A write m[0]; A exit
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:8: error: the mapping of A is missing; expected m
              A write
                     ^
            test.demo:7:9: error: unknown mapping of A 'n'; expected m
              A write n[0]
                      ^
            test.demo:8:9: error: unknown mapping of B 'm'; expected a mapping of B declared before
              B write m[0]
                      ^
            test.demo:9:11: error: A's 'm' has no page 4; expected 0 to 3
              A write m[4]
                        ^
            test.demo:10:11: error: A's 'm' has no page 4; expected 0 to 3
              A write m[3..4]
                        ^~~~
            test.demo:11:11: error: the range '5..2' is empty; expected the lower page first
              A write m[5..2]
                        ^~~~
            test.demo:12:9: error: invalid operand 'm['; expected a name, or pages as in m[2] or m[2..5]
              A write m[
                      ^~
            test.demo:13:11: error: invalid page ''; expected a number from 0 to 268435455
              A write m[]
                        ^
            test.demo:14:11: error: invalid page '-1'; expected a number from 0 to 268435455
              A write m[-1]
                        ^~
            test.demo:15:11: error: invalid page '99999999999999999999'; expected a number from 0 to 268435455
              A write m[99999999999999999999]
                        ^~~~~~~~~~~~~~~~~~~~
            test.demo:16:14: error: invalid page '.3'; expected a number from 0 to 268435455
              A write m[2...3]
                           ^~
            test.demo:17:9: error: invalid operand '[0]'; expected a name, or pages as in m[2] or m[2..5]
              A write [0]
                      ^~~
            test.demo:18:14: error: invalid value '-1'; expected a number from 0 to 4294967295
              A write m[0] -1
                           ^~
            test.demo:19:14: error: invalid value '4294967296'; expected a number from 0 to 4294967295
              A write m[0] 4294967296
                           ^~~~~~~~~~
            test.demo:20:14: error: invalid value '0x10'; expected a number from 0 to 4294967295
              A write m[0] 0x10
                           ^~~~
            test.demo:21:16: error: unexpected '2'; expected the end of the line
              A write m[0] 1 2
                             ^
            test.demo:22:9: error: invalid operand 'm[0];'; expected a name, or pages as in m[2] or m[2..5]
              A write m[0]; A exit
                      ^~~~~
            """#)
    }

    @Test func `other operations`() {
        let lines = #"""
            A pread db
            A pwrite db[0..1] 7
            A fsync A
            A fsync m
            A msync m
            A msync m snyc
            A madvise m willneed
            A mremap m[0] 4
            A remap m[0..1] db[0..2]
            A ftruncate db -1
            A poke C m[0]
            A exit now
            thread T off A
            thread T of db
            reclaim A
            complete
            writeback db[0] strat
            writeback db[0] start start
            A fork A
            A fork C cpu=7
            """#
        expectComplaints(
            behind(lines),
            #"""
            test.demo:6:9: error: this takes one page; expected db[0] or another page
              A pread db
                      ^~
            test.demo:7:10: error: this takes one page; expected db[0] or another page
              A pwrite db[0..1] 7
                       ^~~~~~~~
            test.demo:8:9: error: 'A' is a process; expected db
              A fsync A
                      ^
            test.demo:9:9: error: unknown file 'm'; expected db
              A fsync m
                      ^
            test.demo:10:10: error: the mode is missing; expected sync, async or invalidate
              A msync m
                       ^
            test.demo:11:11: error: unknown mode 'snyc'; expected sync, async or invalidate
              A msync m snyc
                        ^~~~
              did you mean 'sync'?
            test.demo:12:13: error: unknown advice 'willneed'; expected dontneed
              A madvise m willneed
                          ^~~~~~~~
            test.demo:13:10: error: mremap takes the whole mapping; expected m
              A mremap m[0] 4
                       ^~~~
            test.demo:14:17: error: both ranges have to be equally long; expected 2 pages
              A remap m[0..1] db[0..2]
                              ^~~~~~~~
            test.demo:15:16: error: invalid number of pages '-1'; expected a number from 0 to 268435456
              A ftruncate db -1
                             ^~
            test.demo:16:8: error: unknown process 'C'; expected A or B
              A poke C m[0]
                     ^
            test.demo:17:8: error: unexpected 'now'; expected the end of the line
              A exit now
                     ^~~
            test.demo:18:10: error: unexpected 'off'; expected 'of'
              thread T off A
                       ^~~
              did you mean 'of'?
            test.demo:19:13: error: 'db' is a file; expected A or B
              thread T of db
                          ^~
            test.demo:20:9: error: 'A' is a process; expected db
              reclaim A
                      ^
            test.demo:21:9: error: the file is missing; expected db
              complete
                      ^
            test.demo:22:17: error: unknown option 'strat'; expected start or the end of the line
              writeback db[0] strat
                              ^~~~~
              did you mean 'start'?
            test.demo:23:23: error: 'start' stands here twice
              writeback db[0] start start
                                    ^~~~~
            test.demo:24:8: error: 'A' is already a process, since line 2
              A fork A
                     ^
            test.demo:25:14: error: there is no CPU 7; expected 0 to 1, or 'cpus' with more of them
              A fork C cpu=7
                           ^
            """#)
    }
}
