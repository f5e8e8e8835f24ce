// FAIRLEAD_BOTH before a function of plain arithmetic compiles it for the CPU and for CUDA.
#pragma once

#ifdef __CUDACC__
#define FAIRLEAD_BOTH __host__ __device__ __forceinline__
#else
#define FAIRLEAD_BOTH inline __attribute__((always_inline))
#endif
