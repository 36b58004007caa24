// What all parts measure and print with.

import Glibc

func nanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// Seconds of processor time that the process has used.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Nanoseconds of processor time for each of `count` units of a piece of work.
func time(_ count: Int, _ work: () -> Void) -> Double {
    let start = processorTime()
    work()
    return (processorTime() - start) * 1e9 / Double(count)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func rounded(_ value: Double) -> String {
    value >= 100 ? "\(Int(value.rounded()))" : "\((value * 100).rounded() / 100)"
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}

/// The head of a table of rows: what they are about, their unit, and what the last column is.
func header(_ title: String, _ unit: String, _ ratio: String) {
    print(padded(title + ", " + unit, 46) + "   least  median    most  " + ratio)
}

/// Least, median and most of some values, and the ratio of the median to a reference.
func row(_ name: String, _ values: [Double], _ reference: Double?) {
    row(name, values, last: reference.map { rounded(median(values) / $0) } ?? "")
}

/// The same with something else in the last column.
func row(_ name: String, _ values: [Double], last: String) {
    func column(_ value: Double) -> String {
        let text = rounded(value)
        return String(repeating: " ", count: max(1, 8 - text.count)) + text
    }
    let end = last.isEmpty ? "" : "  " + last
    print(padded(name, 46) + column(values.min()!) + column(median(values)) + column(values.max()!) + end)
}
