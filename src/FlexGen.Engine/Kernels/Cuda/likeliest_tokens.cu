// The likeliest token of a row of logits, of all tokens or of those that a mask allows, by a block of its own. Of equal ones it is the first.
#include "row_vectors.cuh"

#define UNROLL 4
#define THREADS 512
#define WARPS (THREADS / 32)
#define INFINITE __int_as_float(0x7f800000)

struct Best
{
    float value;
    int at;

    __device__ __forceinline__ void consider(float x, int token)
    {
        if (x > value || (x == value && token < at))
        {
            value = x;
            at = token;
        }
    }

    __device__ __forceinline__ void overWarp()
    {
        #pragma unroll
        for (int offset = 16; offset > 0; offset /= 2)
        {
            consider(__shfl_xor_sync(0xffffffff, value, offset), __shfl_xor_sync(0xffffffff, at, offset));
        }
    }
};

extern "C" __global__ void __launch_bounds__(THREADS) likeliest_tokens(
    const Element* logits,     // [rows, vocabulary]
    int vocabulary,
    const int2* rows,          // of each block, the row and its mask; null: the block's own row, and no mask
    const unsigned* masks,     // [masks, words]: a bit for each token that is allowed
    int words,
    long long* tokens,         // of each block
    long long ifNone)          // where there is none, or, without a mask, logits that are not finite
{
    __shared__ Best found[WARPS];
    __shared__ bool strange;
    const Element* row = logits + (long long)(rows ? rows[blockIdx.x].x : blockIdx.x) * vocabulary;
    const unsigned* mask = rows ? masks + (long long)rows[blockIdx.x].y * words : nullptr;
    if (threadIdx.x == 0) { strange = false; }
    __syncthreads();

    Best best = { -INFINITE, vocabulary };
    bool isStrange = false;
    const bool aligned = vocabulary % VECTOR == 0 && (unsigned long long)row % 16 == 0;
    const int step = THREADS * VECTOR;
    for (int base = threadIdx.x * VECTOR; aligned && base < vocabulary; base += step * UNROLL)
    {
        Vector some[UNROLL];
        unsigned allowed[UNROLL];
        #pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            const int at = base + u * step;
            allowed[u] = at >= vocabulary ? 0 : mask ? mask[at / 32] >> at % 32 : ~0u;
            // Where no token is allowed, its logits are not even read.
            if ((allowed[u] & ((1u << VECTOR) - 1)) != 0) { some[u].all = *(const uint4*)(row + at); }
        }

        #pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            float x[VECTOR], highest = -INFINITE;
            #pragma unroll
            for (int n = 0; n < VECTOR; n++)
            {
                x[n] = (allowed[u] >> n & 1) != 0 ? widen(some[u].at[n]) : -INFINITE;
                highest = fmaxf(highest, x[n]);
                isStrange |= !(x[n] < INFINITE);
            }

            // Seldom: which of them it is need not be known of all.
            if (highest > best.value)
            {
                #pragma unroll
                for (int n = VECTOR - 1; n >= 0; n--)
                {
                    if (x[n] == highest) { best = { highest, base + u * step + n }; }
                }
            }
        }
    }

    for (int at = threadIdx.x; !aligned && at < vocabulary; at += THREADS)
    {
        if (!mask || (mask[at / 32] >> at % 32 & 1) != 0)
        {
            const float x = widen(row[at]);
            best.consider(x, at);
            isStrange |= !(x < INFINITE);
        }
    }

    best.overWarp();
    if (isStrange && !mask) { strange = true; }
    if (threadIdx.x % 32 == 0) { found[threadIdx.x / 32] = best; }
    __syncthreads();
    if (threadIdx.x < 32)
    {
        if (threadIdx.x < WARPS) { best = found[threadIdx.x]; }
        best.overWarp();
        if (threadIdx.x == 0) { tokens[blockIdx.x] = strange || best.value == -INFINITE ? ifNone : best.at; }
    }
}
