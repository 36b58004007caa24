import DirtyMachine
import DirtyScript
let args = CommandLine.arguments
var text = ""
while let l = readLine(strippingNewline: false) { text += l }
switch ScenarioParser.parse(text, name: "stdin", rules: .machine) {
case .failure(let d): print(d)
case .success(let sc):
  do {
    var s = try Session(sc, kernel: args.count > 2 ? Profile(rawValue: args[2]) : nil)
    let r = TextReport()
    loop: while true {
      var cs: [Conclusion] = []
      let a = s.advance(.script, &cs)
      for c in cs { if args[1] == "json" { if let l = JSONReport.line(c, in: s) { print(l) } } else { for l in r.lines(c, in: s) { print(l) } } }
      switch a { case .moved: continue
      case .atEnd: break loop
      case .blocked(let b): print("BLOCKED", b.message); break loop
      case .refused(let m): print("REFUSED", m); break loop }
    }
    for l in r.closing(s) { print(l) }
  } catch { print(error) }
}
