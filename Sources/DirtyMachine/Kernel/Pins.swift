// What a driver does with get_user_pages(): it pins pages, lets a device store to them, and
// releases them (B14). The pins are short-term ones without FOLL_FORCE.

extension Machine {
    /// Pins all pages of the range, or none.
    mutating func driver_pin(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            if let wait = mmapReadLock(mm, t) { return wait }
            return .jump(100)
        case 100:
            guard self[t, .cursor] <= self[t, .last] else { return .jump(2) }
            let vpn = self[t, .newAddress] + self[t, .cursor]
            setGUP(t, vpn, write: self[t, .boolean], force: false, get: true)
            return .call(.get_user_pages, then: 101)
        case 101:
            guard self[t, .result] == GUPStatus.found else {
                self[t, .outcome] = self[t, .result] == GUPStatus.fault ? .EFAULT : .ENOMEM
                return .jump(self[t, .cursor] > self[t, .first] ? 1 : 2)
            }
            addPin(t)
            self[t, .cursor] += 1
            return .jump(100)
        case 1:  // give back what this call has got so far
            self[t, .cursor] -= 1
            let mapping = self[t, .mapping]
            if let pin = pin(of: mapping, self[t, .cursor]) { putPage(take(pin, from: mapping).folio) }
            return .jump(self[t, .cursor] > self[t, .first] ? 1 : 2)
        default:
            mmapUnlock(mm, t)
            self[t, .gupPage] = .none
            return .leave()
        }
    }

    /// Releases the newest pin of each page of the range.
    mutating func driver_unpin(_ t: Ref<Task>, at position: Int) -> Flow {
        let mapping = self[t, .mapping]
        switch position {
        case 0:
            guard arePinned(t, forWrite: false), let pin = pin(of: mapping, self[t, .cursor]) else {
                self[t, .outcome] = .EINVAL
                return .leave()
            }
            return releasePin(t, take(pin, from: mapping), then: 1)
        default:
            putPage(self[t, .gupPage])
            self[t, .gupPage] = .none
            self[t, .cursor] += 1
            return self[t, .cursor] > self[t, .last] ? .leave() : .jump(0)
        }
    }

    /// The device stores to a page; no PTE and no kernel function learns of it.
    mutating func dma_write(_ t: Ref<Task>) -> Flow {
        guard arePinned(t, forWrite: true),
            let pin = pin(of: self[t, .mapping], self[t, .cursor], forWrite: true)
        else {
            self[t, .outcome] = .EINVAL
            return .leave()
        }
        let value = storedValue(t)
        storeToMemory(self[pin, .folio], value)
        if !self[pin, .isAllowed] { noteSilentChange(self[pin, .folio]) }
        self[t, .value] = value
        self[t, .hasValue] = true
        self[t, .cursor] += 1
        return self[t, .cursor] > self[t, .last] ? .leave() : .jump(0)
    }

    // MARK: The list of pins

    private mutating func addPin(_ t: Ref<Task>) {
        let mapping = self[t, .mapping]
        let pin = allocate(Pin.self)
        self[pin, .index] = self[t, .cursor]
        self[pin, .folio] = self[t, .gupPage]
        self[pin, .isForWrite] = self[t, .boolean]
        let vma = state.vma(
            self[self[t, .process], .mm], covering: self[t, .newAddress] + self[t, .cursor])
        self[pin, .isAllowed] = vma.exists && self[vma, .flags].isSharedWritable
        self[pin, .next] = self[mapping, .pins]
        self[mapping, .pins] = pin
    }

    /// The newest pin of a mapping's page, or the newest that a device may write through.
    private func pin(of mapping: Ref<Mapping>, _ index: Int, forWrite: Bool = false) -> Ref<Pin>? {
        pins(of: mapping).first { self[$0, .index] == index && (!forWrite || self[$0, .isForWrite]) }
    }

    /// The pins that were taken through a mapping's name, newest first.
    func pins(of mapping: Ref<Mapping>) -> [Ref<Pin>] {
        var result: [Ref<Pin>] = []
        var pin = mapping.exists ? self[mapping, .pins] : .none
        while pin.exists {
            result.append(pin)
            pin = self[pin, .next]
        }
        return result
    }

    /// Whether the rest of the range is pinned.
    private func arePinned(_ t: Ref<Task>, forWrite: Bool) -> Bool {
        let pinned = Set(
            pins(of: self[t, .mapping]).filter { !forWrite || self[$0, .isForWrite] }
                .map { self[$0, .index] })
        return (self[t, .cursor]...self[t, .last]).allSatisfy(pinned.contains)
    }

    /// Takes a pin off its list; its reference is the caller's now.
    mutating func take(
        _ pin: Ref<Pin>, from mapping: Ref<Mapping>
    ) -> (folio: Ref<Folio>, isForWrite: Bool) {
        if self[mapping, .pins] == pin {
            self[mapping, .pins] = self[pin, .next]
        } else {
            var at = self[mapping, .pins]
            while self[at, .next] != pin { at = self[at, .next] }
            self[at, .next] = self[pin, .next]
        }
        let taken = (self[pin, .folio], self[pin, .isForWrite])
        free(pin)
        return taken
    }

    /// The device may have stored to the page without anybody's knowledge, so it becomes dirty
    /// before the reference goes.
    mutating func releasePin(
        _ t: Ref<Task>, _ pin: (folio: Ref<Folio>, isForWrite: Bool), then position: Int
    ) -> Flow {
        self[t, .gupPage] = pin.folio
        return pin.isForWrite ? .call(.set_page_dirty_lock, then: position) : .jump(position)
    }

    /// A mapping of an address space through whose name something is pinned.
    func firstPin(of mm: Ref<MM>) -> Ref<Mapping>? {
        var mapping = self[mm, .mappings]
        while mapping.exists {
            if self[mapping, .pins].exists { return mapping }
            mapping = self[mapping, .next]
        }
        return nil
    }

    /// Power is gone: the pins end. Returns the pages that they held.
    mutating func abandonPins(of mm: Ref<MM>) -> [Ref<Folio>] {
        var pages: [Ref<Folio>] = []
        while let mapping = firstPin(of: mm) {
            pages.append(take(self[mapping, .pins], from: mapping).folio)
        }
        return pages
    }
}
