extension PromelaLibrary {
    /// Unmapping, and the fault of a store.
    static let faults = #"""
        /* ---- Unmapping ---- */
        inline zap(e1) {
          lock_pte((e1)/NV);
          if
          :: P[e1] ->
            d_step { zD = D[e1]; zp = pg[e1]; P[e1] = 0; W[e1] = 0; D[e1] = 0; ref[zp]++ };     /* Z1 */
            if
            :: zp < NP ->
              if :: zD -> set_page_dirty(zp, 0) :: else fi;                                     /* Z2 */
              if :: zD && ZAP_FLUSH == 2 -> d_step { FLUSH(e1) } :: else fi;
              d_step { mapcount[zp]--; ref[zp]-- };                                             /* Z3 */
              if :: zD && ZAP_FLUSH == 1 -> d_step { FLUSH(e1) } :: else fi
            :: else -> ref[zp]--
            fi
          :: else
          fi;
          unlock_pte((e1)/NV);
          d_step { FLUSH(e1) };                                                                 /* Z5 */
          zD = 0; zp = 0; sd = 0
        }

        /* munmap of pages, and what it leaves: nothing. mmap_sem is held. */
        inline unmap(m, first, last) {
          zi = first;
          do
          :: zi > last -> break
          :: else ->
            zap((m)*NV+zi);
            d_step { i_mmap == 0 -> vma[(m)*NV+zi] = 0; vlinked[(m)*NV+zi] = 0 };
            zi++
          od;
          zi = 0
        }
        inline munmap(m, first, last) { down_write(m); unmap(m, first, last); up_write(m) }
        inline madvise(m, first, last) {
          if :: MADVISE_SHARES -> down_read(m) :: else -> down_write(m) fi;
          zi = first;
          do :: zi > last -> break :: else -> if :: vma[(m)*NV+zi] -> zap((m)*NV+zi) :: else fi; zi++ od;
          zi = 0;
          if :: MADVISE_SHARES -> up_read(m) :: else -> up_write(m) fi
        }

        /* ---- The write fault ---- */
        inline attach(a) {
          if
          :: attached[a]
          :: else -> attached[a] = 1; mem[a] = disk[a]; vmem[a] = vdisk[a]; dirty[a] = 0; tagged[a] = 0;
            buffers[a] = HAS_BUFFERS; bh[a] = 0; jdata[a] = 0; reserved[a] = 0
          fi
        }

        /* mw: done; the page stays locked where the rules say so. */
        inline page_mkwrite(a) {
          lock_page(a);
          if
          :: !attached[a] || fsize <= a -> unlock_page(a); mw = 0
          :: else ->
            reserved[a] = 1;
            if :: !buffers[a] -> buffers[a] = 1 :: else fi;
            set_page_dirty(a, 0);
            mw = 1;
            if :: MKWRITE_LOCKS :: else -> unlock_page(a) fi
          fi
        }

        inline fault_dirties(a) {
          if
          :: lk -> set_page_dirty(a, 1); unlock_page(a); lk = 0
          :: else ->
            if
            :: !TRACKS || FAULT_DIRTIES == 2
            :: TRACKS && FAULT_DIRTIES == 1 -> lock_page(a); set_page_dirty(a, 1); unlock_page(a)
            :: TRACKS && FAULT_DIRTIES == 0 ->
              if :: FAULT_WAITS -> (plock[a] == 0) :: else fi;
              set_page_dirty(a, 1)
            fi
          fi
        }
        inline dirties_under_ptl(a) {
          if :: TRACKS && FAULT_DIRTIES == 2 && !lk -> set_page_dirty(a, 1) :: else fi
        }

        inline no_page(m) {
          p = vpg[e]; more = 1;
          do
          :: !more -> break
          :: else ->
            more = 0;
            d_step { seq = truncations;
              if :: fsize <= p -> killed = 1 :: else -> attach(p); ref[p]++ fi };
            if
            :: killed
            :: else ->
              mw = 1;
              if
              :: FOLIO_FAULTS ->
                lock_page(p);
                if
                :: !attached[p] -> unlock_page(p); mw = 0
                :: else -> lk = 1; if :: MKWRITE -> unlock_page(p); lk = 0; page_mkwrite(p) :: else fi
                fi;
                if :: !mw -> more = 1 :: else fi
              :: !FOLIO_FAULTS && MKWRITE -> page_mkwrite(p); if :: !mw -> killed = 1 :: else fi
              :: !FOLIO_FAULTS && !MKWRITE
              fi;
              if
              :: !mw -> ref[p]--
              :: else ->
                if :: MKWRITE && MKWRITE_LOCKS -> lk = 1 :: else fi;
                lock_pte(m);
                if
                :: (!FOLIO_FAULTS && truncations != seq) || P[e] ->
                  more = !P[e];
                  unlock_pte(m);
                  if :: lk -> unlock_page(p); lk = 0 :: else fi;
                  ref[p]--
                :: else ->
                  d_step { P[e] = 1; W[e] = 1; D[e] = 1; pg[e] = p; mapcount[p]++ };            /* N6 */
                  dirties_under_ptl(p);
                  unlock_pte(m);                                                                /* N8 */
                  fault_dirties(p);                                                             /* N9 */
                  ref[p]--
                fi
              fi
            fi
          od
        }

        inline wp_page(m) {
          p = pg[e];
          ref[p]++;
          mw = 1;
          if
          :: MKWRITE ->
            unlock_pte(m);
            page_mkwrite(p);
            if
            :: mw ->
              lk = MKWRITE_LOCKS;
              lock_pte(m);
              if
              :: P[e] && W[e] == oW && D[e] == oD
              :: else -> mw = 0; unlock_pte(m); if :: lk -> unlock_page(p); lk = 0 :: else fi
              fi
            :: else -> killed = !FOLIO_FAULTS
            fi
          :: else
          fi;
          if
          :: mw ->
            d_step { W[e] = 1; D[e] = 1 };
            if :: UPGRADE_FLUSHES -> d_step { FLUSH(e) } :: else fi;
            dirties_under_ptl(p);
            unlock_pte(m);
            fault_dirties(p)
          :: else
          fi;
          ref[p]--
        }

        inline store(c, m, v, x) {
          e = (m)*NV+v; te = (c)*NM*NV+e; stored = 0;
          do
          :: stored -> break
          :: else ->
            d_step {
              faulted = 0;
              if
              :: dead[m] -> stored = 1
              :: else ->
                if
                :: tV[te] && tW[te] && tD[te] -> stored = 1                                     /* H1 */
                :: tV[te] && tW[te] && !tD[te] && P[e] && W[e] ->                               /* H2 */
                  tD[te] = 1; if :: TLB_TELLS -> D[e] = 1 :: else fi; stored = 1
                :: else ->                                                                      /* H3, H4 */
                  tV[te] = 0;
                  if
                  :: P[e] && W[e] ->
                    tV[te] = 1; tW[te] = 1; tD[te] = 1; tP[te] = pg[e];
                    if :: TLB_TELLS -> D[e] = 1 :: else fi; stored = 1
                  :: else -> faulted = 1
                  fi
                fi;
                if :: stored && tP[te] < NP -> mem[tP[te]]++; vmem[tP[te]] = x :: else fi
              fi
            };
            if
            :: faulted ->
              down_read(m);
              if
              :: !vma[e] || !vw[e] -> killed = 1
              :: else ->
                if
                :: d_step { !P[e] -> oW = 0 }; no_page(m)                                       /* E3 */
                :: d_step { P[e] -> oW = W[e]; oD = D[e] };
                  lock_pte(m);
                  if
                  :: P[e] && W[e] == oW && D[e] == oD && !oW -> wp_page(m)
                  :: P[e] && W[e] == oW && D[e] == oD && oW -> D[e] = 1; unlock_pte(m)
                  :: else -> unlock_pte(m)
                  fi
                fi
              fi;
              up_read(m);
              faulted = 0; mw = 0; sd = 0; oW = 0; oD = 0; p = 0; seq = 0; lk = 0;
              if
              :: killed ->
                dead[m] = 1;
                munmap(m, 0, NV-1);
                killed = 0
              :: else
              fi
            :: else
            fi
          od;
          e = 0; te = 0; stored = 0
        }
        """#
}
