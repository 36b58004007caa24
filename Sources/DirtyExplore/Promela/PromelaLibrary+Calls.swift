extension PromelaLibrary {
    /// System calls, reclaim, the device, and the watcher of I1.
    static let calls = #"""
        /* ---- Calls on address spaces ---- */
        inline mprotect(m, first, last, writable) {
          down_write(m);
          zi = first;
          do :: zi > last -> break :: else -> vw[(m)*NV+zi] = writable; zi++ od;                /* P1 */
          zi = first;
          do
          :: zi > last -> break
          :: else ->
            e = (m)*NV+zi;
            lock_pte(m);
            if
            :: P[e] && pg[e] < NP ->
              exchange(e);                                                                      /* P3 */
              d_step { P[e] = 1; D[e] = xD;
                W[e] = writable && (!vtracked[e] || MPROTECT_UPGRADE == 2 || (MPROTECT_UPGRADE == 1 && xD)) }
            :: else
            fi;
            unlock_pte(m);
            zi++
          od;
          zi = first;
          do :: zi > last -> break :: else -> d_step { FLUSH((m)*NV+zi) }; zi++ od;             /* P4 */
          zi = 0; e = 0; xD = 0; xW = 0;
          up_write(m)
        }

        /* Moves one page from its entry to another, which becomes a part of the same mapping. */
        inline mremap(m, from, to) {
          down_write(m);
          d_step { i_mmap == 0 -> q = (m)*NV+to; e = (m)*NV+from;
            vma[q] = 1; vw[q] = vw[e]; vshared[q] = vshared[e]; vpg[q] = vpg[e]; vtracked[q] = vtracked[e];
            vlinked[q] = 1; vnonlinear[q] = vnonlinear[e] };
          lock_pte(m);
          if
          :: P[e] ->
            d_step { xW = W[e]; xD = D[e]; P[e] = 0; W[e] = 0; D[e] = 0 };
            d_step { q = (m)*NV+to; P[q] = 1; W[q] = xW; D[q] = xD; pg[q] = pg[e] };
            if :: MREMAP_FLUSHES_FIRST -> d_step { FLUSH(e) } :: else fi
          :: else
          fi;
          unlock_pte(m);
          d_step { FLUSH(e) };
          d_step { i_mmap == 0 -> vma[e] = 0; vlinked[e] = 0 };
          e = 0; q = 0; xD = 0; xW = 0;
          up_write(m)
        }

        /* fork: the child's VMAs are linked first, and then the parent's entries are copied. */
        inline fork(m, child) {
          down_write(m);
          zi = 0;
          do
          :: zi == NV -> break
          :: else ->
            e = (m)*NV+zi; q = (child)*NV+zi;
            if
            :: vma[e] ->
              d_step { i_mmap == 0 -> q = (child)*NV+zi; vma[q] = 1; vw[q] = vw[e]; vshared[q] = vshared[e];
                vpg[q] = vpg[e]; vtracked[q] = vtracked[e]; vnonlinear[q] = vnonlinear[e]; vlinked[q] = 1 };
              lock_pte(m); lock_pte(child);
              if
              :: P[e] -> d_step { q = (child)*NV+zi; P[q] = 1; W[q] = W[e] && vshared[e]; D[q] = 0; pg[q] = pg[e];
                  if :: !vshared[e] -> W[e] = 0 :: else fi; mapcount[pg[e]]++ }
              :: else
              fi;
              unlock_pte(child); unlock_pte(m);
              d_step { FLUSH(e) }
            :: else
            fi;
            zi++
          od;
          zi = 0; e = 0; q = 0;
          up_write(m)
        }

        /* msync(MS_SYNC) of 2.6.18: D of the PTEs first. */
        inline msync(m, first, last) {
          promise(TRACKS || MSYNC_WALKS);
          if
          :: MSYNC_WALKS ->
            down_read(m);
            zi = first;
            do
            :: zi > last -> break
            :: else ->
              e = (m)*NV+zi;
              lock_pte(m);
              if
              :: vma[e] && P[e] && D[e] && pg[e] < NP ->
                D[e] = 0; d_step { FLUSH(e) }; set_page_dirty(pg[e], 0)
              :: else
              fi;
              unlock_pte(m);
              zi++
            od;
            zi = 0; e = 0;
            up_read(m)
          :: else
          fi;
          write_pages(0, NP-1);
          keep_promise()
        }

        /* ptrace's POKEDATA: get_user_pages with force, and a store through the kernel's own mapping. */
        inline poke(m, v, x) {
          down_read(m);
          e = (m)*NV+v; write_wanted = 1; more = 1;
          do
          :: !more -> break
          :: else ->
            lock_pte(m);
            if
            :: P[e] && (!write_wanted || W[e] || (!GUP_DROPS_WRITE && pg[e] == NP && !vshared[e])) ->
              p = pg[e]; ref[p]++; more = 0;
              if
              :: write_wanted && W[e] && !D[e] && !dirty[p] && p < NP -> set_page_dirty(p, 0)
              :: else
              fi;
              unlock_pte(m)
            :: P[e] && write_wanted && !W[e] && !(!GUP_DROPS_WRITE && pg[e] == NP && !vshared[e]) ->
              /* do_wp_page: a copy, which the PTE does not let the process write */
              d_step {
                if :: pg[e] < NP -> mapcount[pg[e]]--; pg[e] = NP :: else fi;
                D[e] = 1; FLUSH(e); if :: GUP_DROPS_WRITE -> write_wanted = 0 :: else fi };
              unlock_pte(m)
            :: else ->
              unlock_pte(m);
              /* do_no_page: a copy where writing is wanted, else the page of the file */
              lock_pte(m);
              if
              :: !P[e] -> d_step { P[e] = 1; W[e] = 0;
                  if
                  :: write_wanted && !vshared[e] -> pg[e] = NP; D[e] = 1
                  :: else -> attach(vpg[e]); pg[e] = vpg[e]; D[e] = 0; mapcount[pg[e]]++
                  fi }
              :: else
              fi;
              unlock_pte(m)
            fi
          od;
          if
          :: p < NP ->
            d_step { assert(vshared[e] && vw[e]);                                               /* I12 */
              mem[p]++; vmem[p] = x };
            lock_page(p); set_page_dirty(p, 0); unlock_page(p)
          :: else
          fi;
          ref[p]--;
          p = 0; e = 0; write_wanted = 0; sd = 0;
          up_read(m)
        }

        inline pinwrite(a, x) { d_step { mem[a]++; vmem[a] = x } }
        inline unpin(a) { lock_page(a); set_page_dirty(a, 0); unlock_page(a); ref[a]-- }

        /* ---- Calls on files ---- */
        inline ftruncate(size) {
          d_step { i_mutex == 0 -> i_mutex = 1 };
          fsize = size;                                                                         /* T1 */
          truncations++;
          lock_i_mmap();
          zi = 0;
          do                                                                                    /* T2 */
          :: zi == NM*NV -> break
          :: else -> if :: vlinked[zi] && vpg[zi] >= size -> zap(zi) :: else fi; zi++
          od;
          unlock_i_mmap();
          wi = size;
          do                                                                                    /* T3 */
          :: wi >= NP -> break
          :: else ->
            if
            :: attached[wi] ->
              lock_page(wi);
              (wb[wi] == 0);
              if
              :: mapcount[wi] > 0 ->
                lock_i_mmap();
                zi = 0;
                do
                :: zi == NM*NV -> break
                :: else -> if :: vlinked[zi] && vpg[zi] == wi -> zap(zi) :: else fi; zi++
                od;
                unlock_i_mmap()
              :: else
              fi;
              if :: !CANCEL_AFTER -> cancel_dirty(wi) :: else fi;
              d_step { buffers[wi] = 0; bh[wi] = 0 };
              if :: jdata[wi] -> jdata[wi] = 0; set_page_dirty(wi, 0) :: else fi;
              if :: CANCEL_AFTER -> cancel_dirty(wi) :: else fi;
              d_step { attached[wi] = 0; tagged[wi] = 0; disk[wi] = mem[wi];
                if :: dirty[wi] && REMOVAL_UNACCOUNTS -> nr_dirty = nr_dirty - ACCOUNTS; dirty[wi] = 0 :: else fi };
              unlock_page(wi)
            :: else
            fi;
            wi++
          od;
          wi = 0; zi = 0; cp = 0; mk = 0; sd = 0;
          i_mutex = 0
        }

        inline pwrite(a, x) {
          d_step { i_mutex == 0 -> i_mutex = 1 };
          more = 1;
          do
          :: !more -> break
          :: else ->
            d_step { attach(a); ref[a]++ };
            lock_page(a);
            if
            :: attached[a] ->
              more = 0;
              d_step { before[a] = mem[a]; writing[a] = 1; mem[a]++; vmem[a] = x };
              if :: fsize <= a -> fsize = a + 1 :: else fi;
              if
              :: JOURNALS_DATA -> jdata[a] = 1
              :: else -> if :: !buffers[a] -> buffers[a] = HAS_BUFFERS :: else fi; set_page_dirty(a, 0)
              fi
            :: else
            fi;
            unlock_page(a);
            ref[a]--
          od;
          sd = 0;
          d_step { writing[a] = 0; before[a] = 0; i_mutex = 0 }
        }

        inline pread(a) { loaded = (fsize <= a -> -1 : (attached[a] -> vmem[a] : vdisk[a])) }

        /* reclaim, of a page that has no disk: tmpfs without swap. */
        inline reclaim(a) {
          if
          :: d_step { attached[a] && plock[a] == 0 -> plock[a] = 1 };
            if
            :: !wb[a] ->
              if
              :: mapcount[a] > 0 ->
                lock_i_mmap();
                k = 0;
                do
                :: k == NM*NV -> break
                :: else ->
                  if
                  :: vlinked[k] && vpg[k] == a ->
                    lock_pte(k/NV);
                    if
                    :: P[k] && pg[k] == a ->
                      d_step { xD = D[k]; P[k] = 0; W[k] = 0; D[k] = 0 };
                      d_step { FLUSH(k) };
                      if :: xD -> set_page_dirty(a, 0) :: else fi;
                      mapcount[a]--
                    :: else
                    fi;
                    unlock_pte(k/NV)
                  :: else
                  fi;
                  k++
                od;
                k = 0; xD = 0;
                unlock_i_mmap()
              :: else
              fi;
              if
              :: dirty[a] && mapcount[a] == 0 && !FOLIO_FAULTS ->
                clear_page_dirty_for_io(a);
                if :: cp -> set_page_dirty(a, 0) :: else fi
              :: else
              fi;
              d_step {
                if
                :: mapcount[a] == 0 && !dirty[a] && ref[a] == 0 ->
                  attached[a] = 0; tagged[a] = 0;
                  if :: mem[a] != disk[a] -> lost++ :: else fi;
                  assert(mem[a] == disk[a])                                                     /* I1 */
                :: else
                fi
              }
            :: else
            fi;
            unlock_page(a); cp = 0; mk = 0; sd = 0
          :: else
          fi
        }

        /* ---- The device, and a watcher for I1 ---- */
        proctype device(byte a) {
        end:
          do
          :: d_step { bio[a] == 1 -> snap[a] = mem[a]; vsnap[a] = vmem[a]; bio[a] = 2 }
          :: d_step { bio[a] == 2 -> disk[a] = snap[a]; vdisk[a] = vsnap[a]; bio[a] = 0; wb[a] = 0 }
          :: d_step { bio[a] == LEAVE -> snap[a] = mem[a]; vsnap[a] = vmem[a]; bio[a] = LEAVE+1 }
          od
        }

        proctype watcher(byte a) {
        end:
          d_step {
            attached[a] && HAS_DISK && !dirty[a] && !wb[a] && !bh[a] && !busy[a] && !jdata[a] && !plock[a] && !ref[a] &&
              UNMAPPED(a) && mem[a] != disk[a] -> assert(false)
          }
        }
        """#
}
