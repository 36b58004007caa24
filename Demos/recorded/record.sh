#!/bin/sh
# Records real, unmodified programs with valgrind and imports the traces as scenarios.
#
#   Demos/recorded/record.sh [DIRECTORY]
#
# Writes NAME.demo and NAME.trace (trimmed to what the import reads) into DIRECTORY, by default the one of this
# script. Whole traces, of some hundred megabytes, go through pipes; TMPDIR needs some 300 MB for a minute.
# DIRTYSCOPE names the dirtyscope program to use.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=$(cd "${1:-$here}" && pwd)
dirtyscope=${DIRTYSCOPE:-dirtyscope}

if [ "$(uname -m)" != x86_64 ]; then
    echo "record.sh: traces are read as those of x86-64, and this machine is $(uname -m)" >&2
    exit 69
fi
missing=
for pair in valgrind:valgrind gdbmtool:gdbmtool rrdtool:rrdtool python3:python3; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
# Debian's own Python and its LMDB, whatever else is in PATH.
/usr/bin/python3 -I -c 'import lmdb' 2>/dev/null || missing="$missing python3-lmdb"
if [ -n "$missing" ]; then
    echo "record.sh: something is missing; on Debian or Ubuntu: apt-get update && apt-get install$missing" >&2
    exit 69
fi
if ! command -v "$dirtyscope" >/dev/null; then
    echo "record.sh: no program '$dirtyscope'; run make build and set DIRTYSCOPE=.build/release/dirtyscope" >&2
    exit 69
fi
dirtyscope=$(command -v "$dirtyscope")
case $dirtyscope in /*) ;; *) dirtyscope=$PWD/$dirtyscope ;; esac

# A folder of its own and an empty environment keep the traces free of this machine's paths.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# trace NAME TITLE VERSION COMMAND...: records, and imports the whole trace and the trimmed one, which must agree.
# The whole trace is imported as it is printed, and kept without its instruction fetches.
trace() {
    name=$1
    {
        echo "# title: $2"
        echo "# Recorded on $(date -u +%F) with $(valgrind --version) and $3, by Demos/recorded/record.sh."
    } >head.txt
    shift 3
    mkfifo whole.pipe
    "$dirtyscope" import - -o whole.demo <whole.pipe &
    import=$!
    {
        cat head.txt
        env -i PATH=/usr/bin:/bin LC_ALL=C HOME=/nonexistent \
            valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes --log-fd=9 "$@" 9>&1 >program.out
    } | tee whole.pipe | grep -a -v '^I ' >data.trace
    wait "$import"
    rm whole.pipe
    trim data.trace | sed "s,$work/,,g" >"$name.trace"
    rm data.trace
    "$dirtyscope" import "$name.trace" -o "$name.demo"
    cmp whole.demo "$name.demo"
    "$dirtyscope" run "$name.demo" >/dev/null
    mv "$name.trace" "$name.demo" "$output/"
    echo "$output/$name.demo"
}

# Keeps what valgrind says, the system calls, and the accesses to memory that was ever mapped shared and writable.
trim() {
    awk '
        function number(hex,    i, n) {
            n = 0
            for (i = 1; i <= length(hex); i++) n = n * 16 + index("123456789abcdef", substr(hex, i, 1))
            return n
        }
        FNR == NR {
            # sys_mmap ( 0x0, LENGTH, PROTECTION, FLAGS, ... Success(0xADDRESS)
            if (/^SYSCALL.*sys_mmap \( 0x[0-9a-f]*, [0-9]*, 3, 1, .*Success/) {
                split($0, word, ", ")
                address = $0
                sub(/.*Success\(0x/, "", address)
                sub(/\).*/, "", address)
                count++
                first[count] = number(address)
                last[count] = first[count] + word[2] - 1
            }
            next
        }
        /^I / { next }
        /^ [LSM] / {
            split($2, word, ",")
            address = number(word[1])
            for (i = 1; i <= count; i++) if (address >= first[i] && address <= last[i]) { print; next }
            next
        }
        { print }
    ' "$1" "$1"
}

# GNU dbm keeps a database in a shared writable mapping and calls msync. The books are long enough for the
# file to grow while it is mapped, and "reorganize" writes a new file that takes the name of the old one.
awk 'BEGIN {
    print "open books.gdbm"
    count = split("emma dune ulysses hamlet beloved kim", title)
    for (i = 1; i <= count; i++) {
        text = ""
        for (chapter = 1; chapter <= 60; chapter++) text = text title[i] " chapter " chapter ". "
        print "store " title[i] " \"" text "\""
        if (i % 2 == 0) print "sync"
    }
    print "fetch kim"
    print "delete dune"
    print "sync"
    print "store kim \"a shorter one\""
    print "delete emma"
    print "reorganize"
    print "count"
    print "close"
}' >shelf.gdbmtool
trace gdbm "GNU dbm keeps a bookshelf: stores and msync" "$(gdbmtool --version | head -n 1)" \
    gdbmtool -f shelf.gdbmtool

# rrdtool maps its file shared and writable for every update, and unmaps it without any sync.
cat >load.rrdtool <<'EOF'
create load.rrd --start 1000000000 --step 60 DS:load:GAUGE:120:0:U RRA:AVERAGE:0.5:1:1500 RRA:MAX:0.5:5:1500
update load.rrd 1000000060:1 1000000120:2
update load.rrd 1000000600:4
update load.rrd 1000060000:3
fetch load.rrd AVERAGE --start 1000000000 --end 1000000120
update load.rrd 1000060060:5
quit
EOF
trace rrdtool "rrdtool updates its round-robin file and never syncs it" \
    "$(rrdtool --version | head -n 1 | cut -d ' ' -f 1-2)" rrdtool - <load.rrdtool

# LMDB with MDB_WRITEMAP stores into the mapping itself. Each transaction writes new pages beside the old ones and
# commits with msync: first the pages, then the meta page that names the new tree.
cat >shelf.py <<'EOF'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb

shelf = lmdb.open("shelf.mdb", subdir=False, lock=False, writemap=True, map_size=16 * 4096)
for title in (b"emma", b"dune", b"ulysses"):
    with shelf.begin(write=True) as transaction:
        transaction.put(title, title * 100)
with shelf.begin(write=True) as transaction:
    transaction.delete(b"dune")
shelf.close()
EOF
version=$(/usr/bin/python3 -I -c 'import lmdb; print("LMDB %d.%d.%d, py-lmdb" % lmdb.version(), lmdb.__version__)')
trace lmdb "LMDB commits transactions through MDB_WRITEMAP" "$version" /usr/bin/python3 -I -S shelf.py
