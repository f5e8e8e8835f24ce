// FAIRLEAD_CLONES before a function of plain loops compiles it for several instruction sets. Where
// that is possible FAIRLEAD_TARGETS is 1, and a function may be written for one of them alone.
#pragma once

// The clone is chosen when the library loads (GNU ifunc); the results are the same bits. Sanitizers
// do not survive ifunc resolvers.
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FAIRLEAD_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define FAIRLEAD_TARGETS 1
#else
#define FAIRLEAD_CLONES
#define FAIRLEAD_TARGETS 0
#endif
