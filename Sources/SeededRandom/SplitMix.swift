/// SplitMix64: the same numbers for the same seed, on every machine.
public struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    public mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }
    public mutating func flip() -> Bool { Bool.random(using: &self) }
    /// True in `percent` of a hundred cases.
    public mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
    public mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }
}
