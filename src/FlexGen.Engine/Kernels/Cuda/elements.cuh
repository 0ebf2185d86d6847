// Of float16, which has no type without CUDA's headers.
__device__ __forceinline__ float ofHalf(unsigned short x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x)); return y; }
__device__ __forceinline__ unsigned short toHalf(float x) { unsigned short y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }

// The type of query, cache and output, ELEMENT: 0 float32, 1 float16, 2 bfloat16. What is computed is computed in float32.
#if ELEMENT == 0
typedef float Element;
__device__ __forceinline__ float widen(Element x) { return x; }
__device__ __forceinline__ Element narrow(float x) { return x; }
#elif ELEMENT == 1
typedef unsigned short Element;
__device__ __forceinline__ float widen(Element x) { return ofHalf(x); }
__device__ __forceinline__ Element narrow(float x) { return toHalf(x); }
#else
typedef unsigned short Element;
__device__ __forceinline__ float widen(Element x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ Element narrow(float x)
{
#if __CUDA_ARCH__ >= 800
    unsigned short y;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y) : "f"(x));
    return y;
#else
    // NaN has all bits set, and would become 0 by what rounds.
    unsigned bits = __float_as_uint(x);
    return x != x ? 0x7fff : (Element)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
#endif
}
#endif
