import Foundation
import Glibc

/// A real browser without a window, driven through its debugging pipe.
final class Browser {
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    struct Failure: Error, CustomStringConvertible { let description: String }

    private let child: pid_t
    private let commands: Int32
    private let answers: Int32
    private var pending: [UInt8] = []
    private var number = 0
    private var session: String?

    /// Milliseconds after which a browser that says nothing is given up.
    private static let patience: Int32 = 60_000

    /// Starts it with a folder of its own for everything that it keeps.
    init(folder: String) throws {
        var (toChild, fromChild): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Failure(description: "no pipes") }
        // The browser reads commands from descriptor 3 and answers on 4. The ends move up first, so
        // that neither stands where the other is wanted.
        let ends = try [toChild[0], toChild[1], fromChild[0], fromChild[1]].map { end in
            let high = fcntl(end, F_DUPFD_CLOEXEC, 10)
            close(end)
            guard high >= 0 else { throw Failure(description: "no descriptors") }
            return high
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 3)
        posix_spawn_file_actions_adddup2(&actions, ends[3], 4)
        for output: Int32 in [1, 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        let arguments = [
            Self.path!, "--headless=new", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
            "--remote-debugging-pipe", "--user-data-dir=\(folder)", "about:blank",
        ]
        let environment = ["PATH=/usr/bin:/bin", "HOME=\(folder)", "LC_ALL=C.UTF-8"]
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A process group of its own, so that all of its processes can be ended.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var child = pid_t()
        guard posix_spawn(&child, Self.path!, &actions, &attributes, words, variables) == 0 else {
            throw Failure(description: "the browser does not start")
        }
        close(ends[0])
        close(ends[3])
        (self.child, commands, answers) = (child, ends[1], ends[2])
    }

    deinit {
        close(commands)
        close(answers)
        kill(-child, SIGKILL)
        waitpid(child, nil, 0)
    }

    /// Opens a page and waits until it is there.
    func open(_ address: String) throws {
        let target = try tell("Target.createTarget", ["url": address])
        let attached = try tell("Target.attachToTarget", ["targetId": target["targetId"]!, "flatten": true])
        session = attached["sessionId"] as? String
        for _ in 0..<10_000 {
            let state = try evaluate("location.href.split('#')[0] + ' ' + document.readyState")
            if state == "\(address.split(separator: "#")[0]) complete" { return }
        }
        throw Failure(description: "the page does not load")
    }

    /// The value of an expression, as text.
    func evaluate(_ expression: String) throws -> String {
        let answer = try tell("Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
        if let problem = answer["exceptionDetails"] { throw Failure(description: "\(expression): \(problem)") }
        return (answer["result"] as? [String: Any])?["value"] as? String ?? ""
    }

    /// Presses a key, named as the browser names it.
    func press(_ key: String) throws {
        for type in ["keyDown", "keyUp"] {
            var event: [String: Any] = ["type": type, "key": key]
            if key.count == 1 { event["text"] = type == "keyDown" ? key : nil }
            _ = try tell("Input.dispatchKeyEvent", event)
        }
    }

    /// What a screen reader gets to know of the page: role and name of everything that is told.
    func accessible() throws -> [(role: String, name: String)] {
        let nodes = try tell("Accessibility.getFullAXTree", [:])["nodes"] as? [[String: Any]] ?? []
        return nodes.filter { $0["ignored"] as? Bool != true }.map { node in
            func text(_ key: String) -> String { (node[key] as? [String: Any])?["value"] as? String ?? "" }
            return (text("role"), text("name"))
        }
    }

    // MARK: The pipe

    private func tell(_ method: String, _ parameters: [String: Any]) throws -> [String: Any] {
        number += 1
        var message: [String: Any] = ["id": number, "method": method, "params": parameters]
        message["sessionId"] = session
        let bytes = try Array(JSONSerialization.data(withJSONObject: message)) + [0]
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(commands, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(description: "the browser has gone away") }
            written += count
        }
        while true {
            guard let answer = try JSONSerialization.jsonObject(with: Data(nextMessage())) as? [String: Any]
            else { throw Failure(description: "no object") }
            // Events come in between.
            guard answer["id"] as? Int == number else { continue }
            if let error = answer["error"] { throw Failure(description: "\(method): \(error)") }
            return answer["result"] as? [String: Any] ?? [:]
        }
    }

    private func nextMessage() throws -> [UInt8] {
        while true {
            if let end = pending.firstIndex(of: 0) {
                defer { pending.removeSubrange(...end) }
                return Array(pending[..<end])
            }
            var watched = pollfd(fd: answers, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, Self.patience) > 0 else { throw Failure(description: "the browser is silent") }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(answers, &buffer, buffer.count)
            guard count > 0 else { throw Failure(description: "the browser has gone away") }
            pending += buffer[..<count]
        }
    }
}
