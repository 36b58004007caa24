import Testing

/// The exported page in a real browser, driven by keys.
@Suite(.serialized, .enabled(if: Browser.path != nil, "no Chromium is installed"))
struct WalkThroughTests {
    /// Exports a demo and opens it at an address within it.
    private func withPage(_ fragment: String = "", _ body: (Browser) throws -> Void) throws {
        try Scratch.with { scratch in
            let page = scratch.path("page.html")
            let export = try Dirtyscope.run([
                "export", "Demos/basics/first-store.demo", "--html", page, "--size", "80x24",
            ])
            #expect(export.status == 0 && export.errors == "")
            let browser = try Browser(folder: scratch.path("browser"))
            try browser.open("file://" + page + fragment)
            try body(browser)
        }
    }

    private func step(_ browser: Browser) throws -> String {
        try browser.evaluate("document.getElementById('step').textContent")
    }

    @Test func `keys go through it`() throws {
        try withPage { browser in
            #expect(try step(browser) == "0 / 113")
            let keys = [
                ("ArrowRight", "1 / 113"), (" ", "2 / 113"), ("s", "3 / 113"), ("S", "2 / 113"), ("ArrowLeft", "1 / 113"),
                ("ArrowLeft", "0 / 113"), ("ArrowLeft", "0 / 113"), ("End", "113 / 113"), ("ArrowRight", "113 / 113"),
                ("Home", "0 / 113"),
            ]
            for (key, place) in keys {
                try browser.press(key)
                #expect(try step(browser) == place, "\(key)")
            }
            let screen = try browser.evaluate("document.getElementById('screen').textContent")
            let text = try Dirtyscope.run([
                "export", "Demos/basics/first-store.demo", "--text", "-", "--at", "0", "--size", "80x24",
            ]).text
            #expect(screen + "\n" == text)
            try browser.press("]")
            try browser.press("]")
            #expect(try browser.evaluate("document.getElementById('chapter').selectedOptions[0].textContent") == "A load")
        }
    }

    @Test func `an address leads to a moment`() throws {
        try withPage("#41") { browser in
            #expect(try step(browser) == "41 / 113")
            try browser.press("ArrowRight")
            #expect(try browser.evaluate("location.hash") == "#42")
            #expect(
                try browser.evaluate("document.getElementById('command').textContent")
                    == "dirtyscope play Demos/basics/first-store.demo --at 42")
        }
    }

    @Test func `a screen reader gets words`() throws {
        try withPage("#24") { browser in
            let told = try browser.accessible()
            let texts = told.filter { $0.role == "StaticText" }.map(\.name)
            #expect(texts.contains("step 24 of 113"))
            #expect(texts.contains { $0.hasPrefix("done: ") })
            #expect(!texts.contains { $0.contains("─") }, "the screen's drawing is not read")
            for name in ["First", "Back", "Next", "Last", "Play"] {
                #expect(told.contains { $0 == ("button", name) }, "\(name)")
            }
            #expect(told.contains { $0 == ("slider", "Place in the walk-through") })
            #expect(try browser.evaluate("document.getElementById('told').getAttribute('aria-live')") == "polite")
        }
    }

    @Test func `buttons keep their own keys`() throws {
        try withPage { browser in
            _ = try browser.evaluate("document.getElementById('next').focus()")
            try browser.press("ArrowRight")
            #expect(try step(browser) == "1 / 113")
            _ = try browser.evaluate("document.getElementById('next').click()")
            #expect(try step(browser) == "2 / 113")
            _ = try browser.evaluate("document.getElementById('place').focus()")
            try browser.press("s")
            #expect(try step(browser) == "3 / 113")
        }
    }
}
