import DirtyMachine

/// A call tree as lines of text. Where a function calls one other and no more, both share a line;
/// where it calls several, each has a line of its own:
///
///     sys_fsync > do_fsync
///     |- write_cache_pages
///     |  |- clear_page_dirty_for_io x2 > page_mkclean x2 > page_mkclean_one x2
///     |  `- block_write_full_page x2
///     `- wait_on_page_writeback_range
struct CallTreeText {
    /// Columns that a line may have.
    let width: Int
    let isASCII: Bool
    let generation: Rules.Generation

    func lines(_ roots: [CallNode]) -> [String] {
        roots.flatMap { lines($0, head: "", rest: "") }
    }

    /// `head` stands before the first line, `rest` before those that follow.
    private func lines(_ node: CallNode, head: String, rest: String) -> [String] {
        var chain = [label(node)]
        var last = node
        while last.callees.count == 1 {
            last = last.callees[0]
            chain.append("> " + label(last))
        }
        var lines: [String] = []
        var line = head
        for (index, link) in chain.enumerated() {
            if index > 0, line.count + 1 + link.count > width {
                lines.append(line)
                // The callees' line runs down beside what is folded.
                line = rest + (last.callees.isEmpty ? "  " : isASCII ? "|   " : "│   ") + link
            } else {
                line += (index > 0 ? " " : "") + link
            }
        }
        lines.append(line)
        for (index, callee) in last.callees.enumerated() {
            let isLast = index == last.callees.count - 1
            lines += self.lines(
                callee, head: rest + (isASCII ? (isLast ? "`- " : "|- ") : (isLast ? "└─ " : "├─ ")),
                rest: rest + (isLast ? "   " : isASCII ? "|  " : "│  "))
        }
        return lines
    }

    private func label(_ node: CallNode) -> String {
        let name = node.function == .device ? "(device)" : node.function.name(generation)
        return node.count > 1 ? "\(name) x\(node.count)" : name
    }
}
