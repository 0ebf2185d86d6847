// What decode_attention.cu does, where query heads share a key head: tensor cores multiply 16 tokens with up to 8 of them at once, in two bytes
// an element. A warp has tiles of 16 tokens of its own, and brings the next one's keys and values to shared memory, whole rows at a time, as
// soon as it is done with this one's: no warp waits for another until the end.
//
// Compiled with: KV_HEADS, GROUP (query heads of a key head), HEAD_DIM (a multiple of 16), WARPS, CHUNK (tokens, a multiple of 16),
// RESIDENT (blocks of a multiprocessor at once).

#include "decode_merge.cuh"
#include "tensor_cores.cuh"
#include "half_tensor_cores.cuh"

#define HEADS (GROUP < 8 ? GROUP : 8)
#define TILE 16
#define UNITS (HEAD_DIM / 8)
#define PITCH (UNITS + 1)  // odd: the rows of a matrix are in different banks
#define TILE_UNITS (TILE * PITCH)
#define DEPTH (HEAD_DIM / 16)

// 16 x 16 elements as a thread's part of a left operand: the rows of four 8 x 8 matrices are where lanes of 8 point to.
__device__ __forceinline__ void load(const uint4* at, unsigned (&a)[4])
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3]) : "r"((unsigned)__cvta_generic_to_shared(at)) : "memory");
}

// Likewise of what lies transposed.
__device__ __forceinline__ void loadTransposed(const uint4* at, unsigned (&a)[4])
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3]) : "r"((unsigned)__cvta_generic_to_shared(at)) : "memory");
}

// Two elements beside each other.
__device__ __forceinline__ unsigned both(float low, float high)
{
#if ELEMENT == 1
    return halves(low, high);
#else
    unsigned pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#endif
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) decode_attention(
    const Element* query, long long queryStride,
    const Element* newKeys, const Element* newValues, long long newStride,
    Element* keys, Element* values, int slots,
    Element* output, long long outputStride,
    const int2* sequences,  // slot; tokens with the new one
    float* partials,        // [sequences * KV_HEADS, chunks, GROUP, HEAD_DIM + 2]
    unsigned* arrived,      // [sequences * KV_HEADS], zero before and after
    int window, float scale)
{
    extern __shared__ uint4 shared[];
    const int sequence = blockIdx.x / KV_HEADS, kvHead = blockIdx.x % KV_HEADS;
    const int slot = sequences[sequence].x, length = sequences[sequence].y;
    const Chunks chunks = chunksOf(length, window, partials, GROUP);
    const int begin = chunks.begin, end = chunks.end;
    if (begin >= end) { return; }

    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const Place place = placeOf();
    const long long token = (long long)slots * KV_HEADS * HEAD_DIM, start = ((long long)slot * KV_HEADS + kvHead) * HEAD_DIM;
    newKeys += sequence * newStride + kvHead * HEAD_DIM;
    newValues += sequence * newStride + kvHead * HEAD_DIM;
    query += sequence * queryStride + kvHead * GROUP * HEAD_DIM;
    output += sequence * outputStride + kvHead * GROUP * HEAD_DIM;
    const int first = begin / TILE * TILE, tiles = (end - first + TILE - 1) / TILE;
    const float toBaseTwo = scale * 1.4426950408889634f;
    uint4 *const keyTile = shared + warp * (2 * TILE_UNITS), *const valueTile = keyTile + TILE_UNITS;
    const auto has = [&](int t) { return (unsigned)(t - begin) < (unsigned)(end - begin); };

    // Begins to bring a tile's keys, or values.
    const auto bring = [&](const Element* slab, const Element* newest, int tile, uint4* to)
    {
        const int firstToken = first + tile * TILE;
        const Element* rows = slab + firstToken * token + start;
        if (firstToken >= begin && firstToken + TILE <= end && firstToken + TILE < length)
        {
            #pragma unroll
            for (int n = 0; n < TILE * UNITS / 32; n++)
            {
                const int at = n * 32 + lane, row = at / UNITS, unit = at % UNITS;
                copy(to + row * PITCH + unit, rows + row * token + unit * 8, true);
            }
        }
        else
        {
            #pragma unroll
            for (int n = 0; n < TILE * UNITS / 32; n++)
            {
                const int at = n * 32 + lane, row = at / UNITS, unit = at % UNITS, t = firstToken + row;
                copy(to + row * PITCH + unit, (t == length - 1 ? newest : rows + row * token) + unit * 8, has(t));
            }
        }

        commit();
    };

    const auto put = [&](int g, int d, float x) { output[g * HEAD_DIM + d] = narrow(x); };
    for (int pass = 0; pass < GROUP; pass += HEADS)
    {
        const int heads = GROUP % HEADS == 0 ? HEADS : min(HEADS, GROUP - pass);
        unsigned q[DEPTH][2];
        #pragma unroll
        for (int n = 0; n < DEPTH; n++)
        {
            #pragma unroll
            for (int h = 0; h < 2; h++)
            {
                q[n][h] = place.row < heads ? *(const unsigned*)(query + (pass + place.row) * HEAD_DIM + n * 16 + h * 8 + place.column * 2) : 0;
            }
        }

        if (warp < tiles)
        {
            bring(keys, newKeys, warp, keyTile);
            bring(values, newValues, warp, valueTile);
        }

        float sums[DEPTH][4] = {}, highest[2] = { LOWEST, LOWEST }, total[2] = {};
        #pragma unroll 1
        for (int tile = warp; tile < tiles; tile += WARPS)
        {
            const int next = tile + WARPS;
            await<1>();
            __syncwarp();
            float products[2][4] = {};
            #pragma unroll
            for (int n = 0; n < DEPTH; n++)
            {
                unsigned k[4];
                load(keyTile + lane % 16 * PITCH + n * 2 + lane / 16, k);
                multiply(products[n % 2], k, q[n][0], q[n][1]);
            }

            __syncwarp();
            if (next < tiles) { bring(keys, newKeys, next, keyTile); } else { commit(); }
            float weights[2][2], fade[2];
            #pragma unroll
            for (int h = 0; h < 2; h++)
            {
                #pragma unroll
                for (int r = 0; r < 2; r++)
                {
                    const int t = first + tile * TILE + place.row + r * 8;
                    weights[r][h] = has(t) ? (products[0][r * 2 + h] + products[1][r * 2 + h]) * toBaseTwo : LOWEST;
                }

                const float higher = fmaxf(highest[h], overRows(fmaxf(weights[0][h], weights[1][h]), [](float a, float b) { return fmaxf(a, b); }));
                fade[h] = exp2f(highest[h] - higher);
                highest[h] = higher;
                #pragma unroll
                for (int r = 0; r < 2; r++) { weights[r][h] = exp2f(weights[r][h] - higher); }
                total[h] = total[h] * fade[h] + weights[0][h] + weights[1][h];
            }

            const unsigned one = transpose(both(weights[0][0], weights[0][1])), other = transpose(both(weights[1][0], weights[1][1]));
            await<1>();
            __syncwarp();
            #pragma unroll
            for (int n = 0; n < DEPTH; n++)
            {
                unsigned v[4];
                loadTransposed(valueTile + (lane % 8 + lane / 16 * 8) * PITCH + n * 2 + lane / 8 % 2, v);
                #pragma unroll
                for (int e = 0; e < 4; e++) { sums[n][e] *= fade[e % 2]; }
                multiply(sums[n], v, one, other);
            }

            __syncwarp();
            if (next < tiles) { bring(values, newValues, next, valueTile); } else { commit(); }
        }

        // Their room is for what the warps have found.
        __syncthreads();
        float (*merged)[HEADS][RECORD] = (float (*)[HEADS][RECORD])shared;
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const int head = place.column * 2 + h;
            total[h] = overRows(total[h], [](float a, float b) { return a + b; });
            if (head < heads)
            {
                #pragma unroll
                for (int n = 0; n < DEPTH; n++)
                {
                    merged[warp][head][n * 16 + place.row] = sums[n][h];
                    merged[warp][head][n * 16 + 8 + place.row] = sums[n][2 + h];
                }

                if (place.row == 0)
                {
                    merged[warp][head][HEAD_DIM] = highest[h];
                    merged[warp][head][HEAD_DIM + 1] = total[h];
                }
            }
        }

        __syncthreads();
        mergeWarps(merged[0], HEADS, pass, heads, chunks, put);
        if (pass + HEADS < GROUP) { __syncthreads(); }
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

    if (chunks.count > 1 && arriveLast(arrived, chunks.count))
    {
        mergeChunks<(GROUP <= WARPS ? 1 : GROUP <= 2 * WARPS ? 2 : 4)>(chunks, 0, GROUP, put);
    }
}
