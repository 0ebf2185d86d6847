// softmax(q K^T scale) V for one new token of each sequence, which is added to the sequence's KV cache on the way.
// A block computes one key head of one sequence over one chunk of its tokens, with the query heads that share the key head; the last
// block of a sequence's head to end puts the chunks together, in their order. Chunks lie at fixed positions: a result does not
// depend on what shares the batch. The running maximum and sum are Milakov and Gimelshein's (arXiv 1805.02867).
//
// Compiled with: KV_HEADS, GROUP (query heads of a key head), HEAD_DIM,
// VECTOR (elements of one load), LANES (threads that share a token), PARTS (loads of a thread for a token), WARPS, CHUNK (tokens).

#include "decode_merge.cuh"

#define TEAMS (THREADS / LANES)
#define UNROLL 2
#define WIDTH (PARTS * VECTOR)

#if VECTOR * (ELEMENT == 0 ? 4 : 2) == 16
typedef uint4 Load;
#elif VECTOR * (ELEMENT == 0 ? 4 : 2) == 8
typedef uint2 Load;
#elif VECTOR * (ELEMENT == 0 ? 4 : 2) == 4
typedef unsigned Load;
#else
typedef unsigned short Load;
#endif

// What one load instruction brings.
union Vector { Load all; Element at[VECTOR]; };

extern "C" __global__ void __launch_bounds__(THREADS) decode_attention(
    const Element* query, long long queryStride,
    const Element* newKeys, const Element* newValues, long long newStride,
    Element* keys, Element* values, int slots,
    Element* output, long long outputStride,
    const int2* sequences,  // slot; tokens with the new one
    float* partials,        // [sequences * KV_HEADS, chunks, GROUP, HEAD_DIM + 2]
    unsigned* arrived,      // [sequences * KV_HEADS], zero before and after
    int window, float scale)
{
    __shared__ float merged[WARPS][GROUP][RECORD];
    const int sequence = blockIdx.x / KV_HEADS, head = blockIdx.x % KV_HEADS;
    const int slot = sequences[sequence].x, length = sequences[sequence].y;
    const Chunks chunks = chunksOf(length, window, partials, GROUP);
    const int begin = chunks.begin, end = chunks.end;
    if (begin >= end) { return; }

    const int lane = threadIdx.x % LANES, team = threadIdx.x / LANES;
    const long long token = (long long)slots * KV_HEADS * HEAD_DIM, start = ((long long)slot * KV_HEADS + head) * HEAD_DIM;
    newKeys += sequence * newStride + head * HEAD_DIM;
    newValues += sequence * newStride + head * HEAD_DIM;
    query += sequence * queryStride + head * GROUP * HEAD_DIM;
    output += sequence * outputStride + head * GROUP * HEAD_DIM;

    float q[GROUP][WIDTH], sums[GROUP][WIDTH], highest[GROUP], total[GROUP];
    const float toBaseTwo = scale * 1.4426950408889634f;
    #pragma unroll
    for (int g = 0; g < GROUP; g++)
    {
        highest[g] = LOWEST;
        total[g] = 0;
        #pragma unroll
        for (int n = 0; n < WIDTH; n++)
        {
            int d = (n / VECTOR * LANES + lane) * VECTOR + n % VECTOR;
            q[g][n] = d < HEAD_DIM ? widen(query[g * HEAD_DIM + d]) * toBaseTwo : 0;
            sums[g][n] = 0;
        }
    }

    for (int base = begin; base < end; base += TEAMS * UNROLL)
    {
        Vector k[UNROLL][PARTS], v[UNROLL][PARTS];
        #pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            const int t = base + u * TEAMS + team;
            const Element* key = t == length - 1 ? newKeys : keys + t * token + start;
            const Element* value = t == length - 1 ? newValues : values + t * token + start;
            #pragma unroll
            for (int p = 0; p < PARTS; p++)
            {
                const int d = (p * LANES + lane) * VECTOR;
                if (t < end && d < HEAD_DIM)
                {
                    k[u][p].all = *(const Load*)(key + d);
                    v[u][p].all = *(const Load*)(value + d);
                }
                else
                {
                    #pragma unroll
                    for (int n = 0; n < VECTOR; n++) { k[u][p].at[n] = v[u][p].at[n] = 0; }
                }
            }
        }

        #pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            #pragma unroll
            for (int g = 0; g < GROUP; g++)
            {
                float score = 0;
                #pragma unroll
                for (int n = 0; n < WIDTH; n++) { score += q[g][n] * widen(k[u][n / VECTOR].at[n % VECTOR]); }
                #pragma unroll
                for (int offset = LANES / 2; offset > 0; offset /= 2) { score += __shfl_xor_sync(0xffffffff, score, offset); }
                if (base + u * TEAMS + team < end)
                {
                    const float higher = fmaxf(highest[g], score), fade = exp2f(highest[g] - higher), weight = exp2f(score - higher);
                    highest[g] = higher;
                    total[g] = total[g] * fade + weight;
                    #pragma unroll
                    for (int n = 0; n < WIDTH; n++) { sums[g][n] = sums[g][n] * fade + weight * widen(v[u][n / VECTOR].at[n % VECTOR]); }
                }
            }
        }
    }

    // The teams of a warp, then the warps of the block.
    #pragma unroll
    for (int g = 0; g < GROUP; g++)
    {
        #pragma unroll
        for (int offset = LANES; offset < 32; offset *= 2)
        {
            const float other = __shfl_xor_sync(0xffffffff, highest[g], offset), higher = fmaxf(highest[g], other);
            const float mine = exp2f(highest[g] - higher), theirs = exp2f(other - higher);
            total[g] = total[g] * mine + __shfl_xor_sync(0xffffffff, total[g], offset) * theirs;
            #pragma unroll
            for (int n = 0; n < WIDTH; n++) { sums[g][n] = sums[g][n] * mine + __shfl_xor_sync(0xffffffff, sums[g][n], offset) * theirs; }
            highest[g] = higher;
        }
    }

    const int warp = threadIdx.x / 32;
    if (threadIdx.x % 32 < LANES)
    {
        #pragma unroll
        for (int g = 0; g < GROUP; g++)
        {
            #pragma unroll
            for (int n = 0; n < WIDTH; n++)
            {
                const int d = (n / VECTOR * LANES + lane) * VECTOR + n % VECTOR;
                if (d < HEAD_DIM) { merged[warp][g][d] = sums[g][n]; }
            }
            merged[warp][g][HEAD_DIM] = highest[g];
            merged[warp][g][HEAD_DIM + 1] = total[g];
        }
    }

    if (end == length)
    {
        const long long place = (length - 1) * token + start;
        for (int d = threadIdx.x; d < HEAD_DIM; d += THREADS)
        {
            keys[place + d] = newKeys[d];
            values[place + d] = newValues[d];
        }
    }

    const auto put = [&](int g, int d, float x) { output[g * HEAD_DIM + d] = narrow(x); };
    __syncthreads();
    mergeWarps(merged[0], GROUP, 0, GROUP, chunks, put);
    if (chunks.count > 1 && arriveLast(arrived, chunks.count))
    {
        mergeChunks<(GROUP <= WARPS ? 1 : GROUP <= 2 * WARPS ? 2 : 4)>(chunks, 0, GROUP, put);
    }
}
