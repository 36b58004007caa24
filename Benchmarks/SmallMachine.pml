/* The small machine of Tests/SmallMachine for SPIN: the same agents, the same atomic steps, so that
 * both must find the same number of states. Each option of an `if` is one step, in a d_step; an agent
 * ends by waiting for ever, which `end` tells SPIN is meant, so that no process dies and states are
 * states of the machine.
 *
 * PAGES, STORES and PASSES are its sizes: of up to two pages. */

#define PRESENT 1
#define WRITE 2
#define DIRTY 4
#define ALL 7

#define TLB(c, p) tlb[(c) * PAGES + (p)]
#define writable(p) ((pte[p] & (PRESENT | WRITE)) == (PRESENT | WRITE))

/* One step without a choice. */
#define step(condition, effect) if :: d_step { condition -> effect } fi

byte pte[PAGES], tlb[2 * PAGES], memory[PAGES], disk[PAGES];
bool dirty[PAGES], writeback[PAGES], locked[PAGES], submitted[PAGES];
bool ptl, mmapWriter, vma = 1, rmapped = 1;
byte mmapReaders, done;
byte flushed, flushedPTE, unmapped, unmappedPTE;

active [2] proctype cpu() {
	byte page, stores, original;

pick:
	if
	:: d_step { stores == STORES -> stores = 0; done++ } goto end
	:: d_step { stores < STORES -> page = 0 }
#if PAGES > 1
	:: d_step { stores < STORES -> page = 1 }
#endif
	fi;
store:	/* TLB hit, hardware walk, or fault */
	if
	:: d_step { TLB(_pid, page) == ALL -> memory[page]++; stores++; page = 0 } goto pick
	:: d_step { TLB(_pid, page) != ALL && writable(page) ->
		pte[page] = pte[page] | DIRTY; TLB(_pid, page) = ALL } goto store
	:: d_step { TLB(_pid, page) != ALL && !writable(page) -> TLB(_pid, page) = 0 }
	fi;
	if	/* the VMA; without one, SIGSEGV */
	:: d_step { !mmapWriter && vma -> mmapReaders++ }
	:: d_step { !mmapWriter && !vma -> page = 0; stores = 0; done++ } goto end
	fi;
	if	/* the PTE, without its lock */
	:: d_step { writable(page) -> mmapReaders-- } goto store
	:: d_step { !writable(page) -> original = pte[page] }
	fi;
	step(!locked[page], locked[page] = 1);
	step(true, dirty[page] = 1);
	step(!writeback[page], skip);
	step(!ptl, ptl = 1);
	if	/* if it is still the one that was read */
	:: d_step { pte[page] == original -> pte[page] = ALL; original = 0 }
	:: d_step { pte[page] != original -> original = 0 }
	fi;
	step(true, ptl = 0);
	step(true, dirty[page] = 1);
	step(true, locked[page] = 0; mmapReaders--);
	goto store;
end:
	false
}

active proctype flusher() {
	byte pass;

next:
	if
	:: d_step { flushed == PAGES && pass < PASSES -> flushed = 0; pass++ } goto next
	:: d_step { flushed == PAGES && pass == PASSES -> flushed = 0 } goto sync
	:: d_step { flushed < PAGES && (pass < PASSES || done == 2) && dirty[flushed] -> skip }
	:: d_step { flushed < PAGES && (pass < PASSES || done == 2) && !dirty[flushed] -> flushed++ } goto next
	fi;
	step(!locked[flushed], locked[flushed] = 1);
	step(!writeback[flushed], skip);
	if
	:: d_step { dirty[flushed] && rmapped -> skip }
	:: d_step { dirty[flushed] && !rmapped -> skip } goto clear
	:: d_step { !dirty[flushed] -> locked[flushed] = 0; flushed++ } goto next
	fi;
	step(!ptl, ptl = 1);
	if
	:: d_step { (pte[flushed] & (WRITE | DIRTY)) != 0 -> flushedPTE = pte[flushed]; pte[flushed] = 0 }
	:: d_step { (pte[flushed] & (WRITE | DIRTY)) == 0 -> flushedPTE = 0 } goto unlock
	fi;
	step(true, TLB(0, flushed) = 0);
	step(true, TLB(1, flushed) = 0);
	step(true, pte[flushed] = PRESENT);
unlock:
	step(true, ptl = 0);
	if
	:: d_step { flushedPTE != 0 -> flushedPTE = 0; dirty[flushed] = 1 }
	:: d_step { flushedPTE == 0 -> skip }
	fi;
clear:
	if
	:: d_step { dirty[flushed] -> dirty[flushed] = 0 }
	:: d_step { !dirty[flushed] -> locked[flushed] = 0; flushed++ } goto next
	fi;
	step(true, writeback[flushed] = 1);
	step(true, locked[flushed] = 0);
	step(true, submitted[flushed] = 1; flushed++);
	goto next;
sync:	/* the last pass is over when nothing is under writeback: then the disk must have it all */
	if
	:: d_step { flushed < PAGES && !writeback[flushed] -> flushed++ } goto sync
	:: d_step { flushed == PAGES -> flushed = 0;
		assert(memory[0] == disk[0]);
#if PAGES > 1
		assert(memory[1] == disk[1]);
#endif
	   }
	fi;
end:
	false
}

active proctype device() {
	byte page;

end:
	if
	:: d_step { submitted[0] -> disk[0] = memory[0]; submitted[0] = 0; page = 0 }
#if PAGES > 1
	:: d_step { submitted[1] -> disk[1] = memory[1]; submitted[1] = 0; page = 1 }
#endif
	fi;
	step(true, writeback[page] = 0; page = 0);
	goto end
}

active proctype unmap() {
	step(!mmapWriter && mmapReaders == 0, mmapWriter = 1);
	step(true, vma = 0);
	step(true, mmapWriter = 0);
	step(!ptl, ptl = 1);
zap:
	if
	:: d_step { unmapped < PAGES -> unmappedPTE = pte[unmapped]; pte[unmapped] = 0 }
	:: d_step { unmapped == PAGES -> unmapped = 0 } goto flush
	fi;
	if
	:: d_step { (unmappedPTE & DIRTY) != 0 -> dirty[unmapped] = 1; unmappedPTE = 0; unmapped++ }
	:: d_step { (unmappedPTE & DIRTY) == 0 -> unmappedPTE = 0; unmapped++ }
	fi;
	goto zap;
flush:
#if PAGES > 1
	step(true, TLB(0, 0) = 0; TLB(0, 1) = 0);
	step(true, TLB(1, 0) = 0; TLB(1, 1) = 0);
#else
	step(true, TLB(0, 0) = 0);
	step(true, TLB(1, 0) = 0);
#endif
	step(true, ptl = 0);
	step(true, rmapped = 0);
end:
	false
}
