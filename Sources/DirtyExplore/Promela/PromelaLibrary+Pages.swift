extension PromelaLibrary {
    /// State, locks, PG_dirty and its kin, writeback, the journal, and reclaim of buffers.
    static let pages = #"""
        /* ---- State: the page cache, by index; the last index is any anonymous page ---- */
        bit attached[NP+1], dirty[NP+1], tagged[NP+1], wb[NP+1], buffers[NP+1], bh[NP+1], busy[NP+1];
        bit reserved[NP+1], jdata[NP+1];
        byte plock[NP+1], priv[NP+1], ref[NP+1], mapcount[NP+1], bio[NP+1];
        /* How many stores memory, the device and the disk have; and the values. */
        byte mem[NP+1], snap[NP+1], disk[NP+1];
        int vmem[NP+1], vsnap[NP+1], vdisk[NP+1];
        byte fsize, truncations, lost, left;
        bit broken_mkwrite;
        short nr_dirty;
        int loaded;
        /* Page tables and VMAs: address space m, page v is entry m*NV+v. TLBs: CPU c, c*NM*NV in front. */
        bit P[NM*NV], W[NM*NV], D[NM*NV];
        byte pg[NM*NV];
        bit vma[NM*NV], vw[NM*NV], vshared[NM*NV], vlinked[NM*NV], vnonlinear[NM*NV], vtracked[NM*NV];
        byte vpg[NM*NV];
        bit tV[NC*NM*NV], tW[NC*NM*NV], tD[NC*NM*NV];
        byte tP[NC*NM*NV];
        byte mmap_sem[NM], ptl[NM], i_mmap, i_mutex;
        bit dead[NM];

        /* What a page's bio says: nothing to do, submitted, sampled; the last two where nobody ends it. */
        #define SUBMIT 1
        #define LEAVE 3

        /* A sync promises what was stored before it, by calls of write(2) only once they have returned. */
        #if PWRITES
        bit writing[NP+1];
        byte before[NP+1];
        #define STORED(a_) (writing[a_] -> before[a_] : mem[a_])
        #else
        #define STORED(a_) mem[a_]
        #endif

        #define LOCALS \
          bit sd, mk, cp, mw, zD, xD, xW, oW, oD, lk, more, killed, stored, faulted, prot, write_wanted; \
          byte k, q, e, te, p, zp, zi, w, wi, ci, seq; byte need[NP+1];

        /* ---- Locks ---- */
        inline down_read(m) { d_step { mmap_sem[m] != 255 -> mmap_sem[m]++ } }
        inline up_read(m) { mmap_sem[m]-- }
        inline down_write(m) { d_step { mmap_sem[m] == 0 -> mmap_sem[m] = 255 } }
        inline up_write(m) { mmap_sem[m] = 0 }
        inline lock_pte(m) { d_step { ptl[m] == 0 -> ptl[m] = 1 } }
        inline unlock_pte(m) { ptl[m] = 0 }
        inline lock_page(a) { d_step { plock[a] == 0 -> plock[a] = 1 } }
        inline unlock_page(a) { plock[a] = 0 }
        /* Walks of the reverse map share the lock on 6.18; who changes it waits until nobody walks. */
        inline lock_i_mmap() { d_step { i_mmap < (WALKS_SHARE -> 254 : 1) -> i_mmap++ } }
        inline unlock_i_mmap() { i_mmap-- }

        /* ---- Dirty pages ---- */
        inline set_page_dirty(a, by_fault) {
          d_step { priv[a] == 0 -> if :: attached[a] && buffers[a] -> bh[a] = 1 :: else fi };   /* D2 */
          d_step {                                                                              /* D3 */
            sd = !dirty[a]; dirty[a] = 1;
            if :: by_fault && MKWRITE && sd && !reserved[a] -> broken_mkwrite = 1 :: else fi
          };
          if
          :: sd -> d_step {                                                                     /* D4 */
              if :: attached[a] -> tagged[a] = 1; nr_dirty = nr_dirty + ACCOUNTS :: else fi }
          :: else
          fi
        }

        /* Changes a PTE that is known to be there: without its place taken, the hardware's D can be lost. */
        inline exchange(e1) { d_step { xD = D[e1]; xW = W[e1]; if :: ATOMIC_PTES -> P[e1] = 0 :: else fi } }

        inline page_mkclean(a) {
          mk = 0;
          if
          :: mapcount[a] == 0                                                                   /* M1 */
          :: else ->
            lock_i_mmap(); k = 0;
            do
            :: k == NM*NV -> break
            :: else ->
              q = (FORK_BEHIND -> k : (NM-1-k/NV)*NV + k%NV);
              if
              :: vlinked[q] && vpg[q] == a && vshared[q] && !vnonlinear[q] && (MKCLEAN_ALL || vw[q]) &&
                  (MKCLEAN_WAITS || P[q]) ->
                prot = MKCLEAN_PROTECTS || vw[q];
                lock_pte(q/NV);
                if
                :: P[q] && pg[q] == a && (D[q] || (W[q] && prot)) ->
                  exchange(q);                                                                  /* X1 */
                  if :: MKCLEAN_FLUSHES -> d_step { FLUSH(q) } :: else fi;                      /* X2 */
                  d_step { P[q] = 1; W[q] = xW && !prot; D[q] = xD && MKCLEAN_KEEPS_D };        /* X3 */
                  mk = 1
                :: else
                fi;
                unlock_pte(q/NV)
              :: else
              fi;
              k++
            od;
            q = 0; k = 0; prot = 0; xD = 0; xW = 0;
            unlock_i_mmap()
          fi
        }

        inline clear_page_dirty_for_io(a) {
          if
          :: MKCLEAN_FIRST && CLEANS -> page_mkclean(a); if :: mk && ACCOUNTS -> set_page_dirty(a, 0) :: else fi
          :: else
          fi;
          d_step { cp = dirty[a]; dirty[a] = 0; if :: cp -> reserved[a] = 0 :: else fi };
          if
          :: cp ->
            if :: !MKCLEAN_FIRST && CLEANS -> page_mkclean(a) :: else fi;
            nr_dirty = nr_dirty - ACCOUNTS
          :: else
          fi
        }

        /* test_clear_page_dirty and cancel_dirty_page: without and with the word of the PTEs. */
        inline cancel_dirty(a) {
          d_step { cp = dirty[a]; dirty[a] = 0; if :: cp && !CANCEL_KEEPS_TAG -> tagged[a] = 0 :: else fi };
          if
          :: cp ->
            nr_dirty = nr_dirty - ACCOUNTS;
            if :: CANCEL_CLEANS -> page_mkclean(a) :: else fi
          :: else
          fi
        }

        /* ---- Writeback ---- */
        /* way: SUBMIT, or LEAVE where the device never ends the write. */
        inline writepage(a, way) {
          d_step { busy[a] == 0 ->
            if :: !buffers[a] -> buffers[a] = 1; bh[a] = 1 :: else fi;
            w = bh[a] || WRITES_FOLIOS; bh[a] = 0 };
          d_step { wb[a] = 1; if :: !dirty[a] -> tagged[a] = 0 :: else fi };
          if :: w -> bio[a] = way :: else fi;
          unlock_page(a);
          if :: !w -> wb[a] = 0 :: else fi
        }

        inline submit_pages(first, last, way) {
          wi = first;
          do
          :: wi > last -> break
          :: else ->
            if
            :: tagged[wi] && attached[wi] ->
              ref[wi]++;
              lock_page(wi);
              if
              :: !attached[wi] || (WRITEBACK_WANTS_DIRTY && !dirty[wi]) || (way == LEAVE && wb[wi]) -> unlock_page(wi)
              :: else ->
                (wb[wi] == 0);
                clear_page_dirty_for_io(wi);
                if :: cp -> writepage(wi, way) :: else -> unlock_page(wi) fi
              fi;
              ref[wi]--
            :: else
            fi;
            wi++
          od;
          wi = 0; cp = 0; mk = 0; w = 0; sd = 0
        }
        inline write_pages(first, last) {
          submit_pages(first, last, SUBMIT);
          wi = first;
          do :: wi > last -> break :: else -> (wb[wi] == 0); wi++ od;
          wi = 0
        }

        /* I2: what was stored before the call is on disk when it returns. */
        inline promise(all) {
          d_step { wi = 0;
            do :: wi == NP -> break
            :: else -> need[wi] = ((all || dirty[wi]) -> STORED(wi) : disk[wi]); wi++ od; wi = 0 }
        }
        inline keep_promise() {
          d_step { wi = 0;
            do :: wi == NP -> break
            :: else -> assert(wi >= fsize || disk[wi] >= need[wi]); need[wi] = 0; wi++ od; wi = 0 }
        }
        inline fsync() { promise(TRACKS); write_pages(0, NP-1); keep_promise() }

        inline journal() {
          if
          :: JOURNAL_WRITES_BACK -> write_pages(0, NP-1)
          :: else ->
            wi = 0;
            do
            :: wi == NP -> break
            :: else ->
              if
              :: d_step { attached[wi] && buffers[wi] && bh[wi] && !busy[wi] -> bh[wi] = 0; busy[wi] = 1 };
                d_step { snap[wi] = mem[wi]; vsnap[wi] = vmem[wi] };
                d_step { disk[wi] = snap[wi]; vdisk[wi] = vsnap[wi] };
                busy[wi] = 0
              :: else
              fi;
              wi++
            od;
            wi = 0
          fi
        }

        /* try_to_free_buffers, in reclaim, on a page that may be mapped. */
        inline strip(a) {
          if
          :: d_step { attached[a] && plock[a] == 0 -> plock[a] = 1 };
            if
            :: !wb[a] && buffers[a] ->
              d_step { priv[a] == 0 -> priv[a] = 1 };
              if
              :: bh[a] || busy[a] -> priv[a] = 0
              :: else ->
                buffers[a] = 0;
                if
                :: STRIP_HOLDS_LOCK ->
                  d_step { cp = dirty[a]; dirty[a] = 0; if :: cp && !TRACKS -> tagged[a] = 0 :: else fi };
                  if :: cp -> nr_dirty = nr_dirty - ACCOUNTS :: else fi;
                  priv[a] = 0
                :: else -> priv[a] = 0; cancel_dirty(a)
                fi
              fi
            :: else
            fi;
            unlock_page(a); cp = 0; mk = 0
          :: else
          fi
        }
        """#
}
