import DirtyMachine
import Testing

@Suite struct StateCodecTests {
    /// Two files whose pages are not cached, two processes that map one each.
    private struct Scene {
        var machine = Machine(rules: Profile.v2_6_20.rules, cpus: 2, frames: 64)
        var codec: StateCodec
        let requests: [Request]
        /// A record for one task: those of a search never come and go.
        let place: Ref<Task>

        init() {
            var requests: [Request] = []
            for name in ["x", "y"] {
                let file = machine.addFile(name, pages: 4, .ext3, cached: false)
                let process = machine.addProcess(name.uppercased())
                Scene.run(
                    .mmap(
                        process, name: "m", file: file, pages: 0...3, [.read, .write], shared: true,
                        readOnlyDescriptor: false), &machine)
                let start = machine.extent(of: machine.mapping(named: "m", of: process)!)!.start
                requests.append(.access(process, pages: start...start, store: true, value: 7))
                requests.append(.fsync(process, file))
            }
            self.requests = requests
            place = machine.setTasksAside(1)[0]
            machine.forgetHistory()
            codec = StateCodec(&machine)
        }

        static func run(_ request: Request, _ machine: inout Machine) {
            let task = machine.begin(request)
            while true {
                switch machine.step(task) {
                case .stepped: continue
                case .finished:
                    machine.collect(task)
                    return
                case .blocked:
                    for bio in machine.pendingBios { machine.stepDevice(bio) }
                }
            }
        }
    }

    @Test func `the order of allocations makes no difference`() {
        var (one, other) = (Scene(), Scene())
        for index in [0, 2] { Scene.run(one.requests[index], &one.machine) }
        for index in [2, 0] { Scene.run(other.requests[index], &other.machine) }
        #expect(one.machine.state != other.machine.state)
        #expect(one.codec.fingerprint(&one.machine) == other.codec.fingerprint(&other.machine))
    }

    @Test func `what is different has another fingerprint`() {
        var scene = Scene()
        var seen: Set<UInt64> = [scene.codec.fingerprint(&scene.machine)]
        for request in scene.requests {
            let task = scene.machine.begin(request, in: scene.place)
            while case .stepped = scene.machine.step(task) {
                #expect(seen.insert(scene.codec.fingerprint(&scene.machine)).inserted)
            }
            for bio in scene.machine.pendingBios {
                scene.machine.stepDevice(bio)
                #expect(seen.insert(scene.codec.fingerprint(&scene.machine)).inserted)
                scene.machine.stepDevice(bio)
                #expect(seen.insert(scene.codec.fingerprint(&scene.machine)).inserted)
            }
            while case .stepped = scene.machine.step(task) {}
            scene.machine.setAside(task)
        }
    }

    @Test func `an image brings a state back, and its fingerprint`() {
        var scene = Scene()
        var images: [(image: [UInt64], state: State, fingerprint: UInt64)] = []
        func note(_ scene: inout Scene) {
            let fingerprint = scene.codec.fingerprint(&scene.machine)
            let image = scene.codec.image(of: &scene.machine)
            images.append((image, scene.machine.state, fingerprint))
        }
        note(&scene)
        for request in scene.requests {
            Scene.run(request, &scene.machine)
            note(&scene)
        }
        for (image, state, fingerprint) in images.reversed() + images {
            image.withUnsafeBufferPointer { scene.codec.load($0, into: &scene.machine) }
            #expect(scene.machine.state == state)
            #expect(scene.codec.fingerprint(&scene.machine) == fingerprint)
        }
    }

    @Test func `a fingerprint kept up to date from state to state is that of all changes at once`() {
        func compare(_ atOnce: inout Scene, _ stepwise: inout Scene) {
            let fingerprint = stepwise.codec.fingerprint(&stepwise.machine)
            #expect(fingerprint == atOnce.codec.fingerprint(&atOnce.machine))
            let image = stepwise.codec.image(of: &stepwise.machine)
            image.withUnsafeBufferPointer { stepwise.codec.load($0, into: &stepwise.machine) }
        }
        func step(_ scene: inout Scene) {
            guard case .blocked = scene.machine.step(scene.place) else { return }
            for bio in scene.machine.pendingBios { scene.machine.stepDevice(bio) }
        }
        var (atOnce, stepwise) = (Scene(), Scene())
        for request in atOnce.requests {
            _ = atOnce.machine.begin(request, in: atOnce.place)
            _ = stepwise.machine.begin(request, in: stepwise.place)
            compare(&atOnce, &stepwise)
            for _ in 0..<200 where !atOnce.machine.isDone(atOnce.place) {
                step(&atOnce)
                step(&stepwise)
                compare(&atOnce, &stepwise)
            }
            #expect(atOnce.machine.isDone(atOnce.place))
            atOnce.machine.setAside(atOnce.place)
            stepwise.machine.setAside(stepwise.place)
            compare(&atOnce, &stepwise)
        }
    }
}
