// One function compiled for several instruction sets, chosen when the library loads (GNU ifunc).
// The results are the same bits. Sanitizers do not survive ifunc resolvers.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FAIRLEAD_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FAIRLEAD_CLONES
#endif
