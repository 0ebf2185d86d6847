// silu(gate), rounded, times up, in gate's place.
#include "row_vectors.cuh"

#define THREADS 256

// x / by, which is at least 1. Of 16 bits the quotient is corrected once: what is rounded of it afterwards is the same, with half the instructions.
__device__ __forceinline__ float divide(float x, float by)
{
#if ELEMENT == 0
    return x / by;
#else
    float reciprocal;
    asm("rcp.approx.f32 %0, %1;" : "=f"(reciprocal) : "f"(by));
    const float quotient = x * reciprocal, corrected = fmaf(fmaf(-quotient, by, x), reciprocal, quotient);
    // Of infinities there is nothing to correct.
    return corrected == corrected ? corrected : quotient;
#endif
}

extern "C" __global__ void __launch_bounds__(THREADS) gated_silu(Element* gate, const Element* up, long long count)
{
    const long long at = ((long long)blockIdx.x * THREADS + threadIdx.x) * VECTOR;
    if (at >= count) { return; }
    const int end = (int)min(count - at, (long long)VECTOR);
    const bool wide = end == VECTOR && isAligned(gate) && isAligned(up);
    Vector some = load(gate + at, 0, end, wide);
    const Vector factor = load(up + at, 0, end, wide);
    #pragma unroll
    for (int n = 0; n < VECTOR; n++)
    {
        const float x = widen(some.at[n]);
        some.at[n] = narrow(widen(narrow(divide(x, 1 + expf(-x)))) * widen(factor.at[n]));
    }

    store(some, gate + at, 0, end, wide);
}
