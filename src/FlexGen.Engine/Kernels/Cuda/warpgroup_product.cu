// y = x W^T + b for more rows of x than streamed_product.cu is for, W in 4-bit groups as PackedShape lays them, by Hopper's warpgroups (sm_90a), for
// several weights at once, so that small ones fill the GPU together: a block computes 128 rows of one of them, 64 of each of two warpgroups, with
// COLUMNS rows of x. Elements of W, scale * (q - zero), are made in registers,
// once for all rows of x, while the products before are still computed; of a third warpgroup two warps bring what they need, ahead. K is in parts
// by the weights' shapes alone, each a block's; the last block of an output to end adds up their sums in their order.
// In a warp, lane 4 g + c has the rows 2 g and 2 g + 1 of its tile of 16 as rows g and g + 8 of the fragment, and of each word the pair c.
//
// Compiled with: GROUP (32, 64 or 128), COLUMNS (32, 48, 64, 128, 192 or 256), STAGES (of x in shared memory, 2 or more), RESIDENT (1, or with few
// COLUMNS 2: blocks of a multiprocessor, of which one computes while the other waits), MOST (weights).

#include "packed_groups.cuh"
#include "tensor_cores.cuh"
#include "warpgroup.cuh"

#define COMPUTING 256                           // threads, beside the warpgroup that brings
#define WARPS (COMPUTING / 32)
#define TILES 8                                 // of a block
#define STEP 64                                 // elements of K that are multiplied at once
#define STEP_WORDS (STEP / 8)
#define ENDS (GROUP < STEP ? STEP / GROUP : 1)  // groups of a step
#define CHUNK_STEPS 4                           // of which W is brought at once: copies of a single step's 576 bytes came half as fast
#define CHUNK (STEP * CHUNK_STEPS)
#define CHUNKS 2                                // in shared memory
#define GROUP_BYTES (BLOCK * 16)
#define X_BYTES (COLUMNS * STEP * 2)
#define TILE_BYTES (CHUNK / GROUP * GROUP_BYTES)

// Registers of a thread that brings, and of one that computes.
#if RESIDENT == 2
#define FEW "32"
#define MANY "104"
#else
#define FEW "40"
#define MANY "232"
#endif

#if ELEMENT == 1
// Pairs of scale * (q - zero), rounded twice.
struct Ends
{
    unsigned scale, zero;
    __device__ __forceinline__ Ends(unsigned both) : scale(__byte_perm(both, 0, 0x1010)), zero(__byte_perm(both, 0, 0x3232) ^ 0x80008000) { }
    __device__ __forceinline__ unsigned pair(unsigned word) const
    {
        const unsigned q = fma2(pick<0x000f000f, 0x64006400>(word), ONES, 0xe400e400);
        unsigned value;
        asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(value) : "r"(fma2(q, ONES, zero)), "r"(scale));
        return value;
    }
};
#else
// Pairs of scale * (q - zero) in float32, rounded once.
struct Ends
{
    float scale, zero;
    __device__ __forceinline__ Ends(unsigned both) : scale(ofHalf((unsigned short)both)), zero(ofHalf((unsigned short)(both >> 16))) { }
    __device__ __forceinline__ float value(unsigned nibble) const { return scale * (__uint_as_float(nibble | 0x4b000000) - 8388608.0f - zero); }
    __device__ __forceinline__ unsigned pair(unsigned word) const
    {
        unsigned both;
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(value(word >> 16 & 15)), "f"(value(word & 15)));
        return both;
    }
};
#endif

// Of each weight itself, its bias or null, its results and their number, and of all weights how many blocks are before the next one's.
struct Weights
{
    const unsigned char* weight[MOST];
    const Element* bias[MOST];
    Element* output[MOST];
    long long out[MOST], before[MOST];
};

extern "C" __global__ void __launch_bounds__(COMPUTING + 128, RESIDENT) warpgroup_product(
    const __grid_constant__ TensorMap x,  // [rows, in]: boxes of COLUMNS x STEP, as described() has them
    const __grid_constant__ Weights weights, int rows, int in, int splits,
    float* partials,    // [blocks, SUMS, COMPUTING]
    unsigned* arrived)  // [blocks / splits], zero before and after
{
    extern __shared__ unsigned char memory[];
    __shared__ unsigned long long barriers[(STAGES + CHUNKS) * 2];
    __shared__ bool last;
    const unsigned start = (unsigned)__cvta_generic_to_shared(memory), shared = (start + 1023) / 1024 * 1024, ofWeight = shared + STAGES * X_BYTES;
    const unsigned full = (unsigned)__cvta_generic_to_shared(barriers), empty = full + STAGES * 8;
    const unsigned fullOfWeight = empty + STAGES * 8, emptyOfWeight = fullOfWeight + CHUNKS * 8;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, c = lane % 4;
    const int blocks = gridDim.x / splits, block = blockIdx.x % blocks, split = blockIdx.x / blocks, firstRow = blockIdx.y * COLUMNS;
    int which = 0;
    while (block >= weights.before[which]) { which++; }
    const unsigned char* weight = weights.weight[which];
    const int out = (int)weights.out[which], firstTile = (block - (which > 0 ? (int)weights.before[which - 1] : 0)) * TILES;
    const int groups = (in + GROUP - 1) / GROUP, tiles = (out + 15) / 16, steps = (in + STEP - 1) / STEP, chunks = (steps + CHUNK_STEPS - 1) / CHUNK_STEPS;
    const int begin = chunks * split / splits * CHUNK_STEPS, end = min(chunks * (split + 1) / splits * CHUNK_STEPS, steps);
    const auto meet = [] { asm volatile("bar.sync 1, %0;" :: "n"(COMPUTING) : "memory"); };
    if (threadIdx.x == 0)
    {
        for (int n = 0; n < STAGES; n++)
        {
            prepare(full + n * 8, 1);
            prepare(empty + n * 8, WARPS);
        }

        for (int n = 0; n < CHUNKS; n++)
        {
            prepare(fullOfWeight + n * 8, 1);
            prepare(emptyOfWeight + n * 8, WARPS);
        }

        publish();
    }

    __syncthreads();

    if (warp >= WARPS)
    {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 " FEW ";");
        if (threadIdx.x == COMPUTING)
        {
            int slot = 0;
            unsigned phase = 1;
            for (int step = begin; step < end; step++)
            {
                wait(empty + slot * 8, phase);
                expect(full + slot * 8, X_BYTES);
                bring(shared + slot * X_BYTES, x, step * STEP, firstRow, full + slot * 8);
                if (++slot == STAGES) { slot = 0; phase ^= 1; }
            }
        }
        else if (warp == WARPS + 1)
        {
            int chunk = 0;
            unsigned phase = 1;
            for (int step = begin; step < end; step += CHUNK_STEPS)
            {
                const unsigned barrier = fullOfWeight + chunk * 8, to = ofWeight + (chunk * TILES + lane) * TILE_BYTES;
                const int first = step / CHUNK_STEPS * (CHUNK / GROUP), bytes = min(CHUNK / GROUP, groups - first) * GROUP_BYTES;
                wait(emptyOfWeight + chunk * 8, phase);
                if (lane == 0) { expect(barrier, bytes * TILES); }
                __syncwarp();
                if (lane < TILES) { bring(to, weight + ((long long)min(firstTile + lane, tiles - 1) * groups + first) * GROUP_BYTES, bytes, barrier); }
                if (++chunk == CHUNKS) { chunk = 0; phase ^= 1; }
            }
        }

        return;
    }

    asm volatile("setmaxnreg.inc.sync.aligned.u32 " MANY ";");
    float sum[SUMS] = {};
    unsigned a[2][4][4] = {};
    const unsigned char* ofWarp = memory + (ofWeight - start) + warp * TILE_BYTES + g * 8;
    int slot = 0, chunk = 0;
    unsigned phase = 0, phaseOfWeight = 0;

    // Elements of a step's words.
    const auto unpack = [&](int step, unsigned (&to)[4][4])
    {
        const int n = (step - begin) % CHUNK_STEPS;
        if (n == 0) { wait(fullOfWeight + chunk * 8, phaseOfWeight); }
        const unsigned char* tile = ofWarp + chunk * (TILES * TILE_BYTES) + n * STEP / GROUP * GROUP_BYTES;
        const int skipped = n % (GROUP > STEP ? GROUP / STEP : 1) * (STEP_WORDS * 64);
        #pragma unroll
        for (int e = 0; e < ENDS; e++)
        {
            const unsigned char* block = tile + e * GROUP_BYTES;
            const uint2 both = *(const uint2*)(block + WORDS * 64);
            const Ends even(both.x), odd(both.y);
            #pragma unroll
            for (int m = 0; m < STEP_WORDS / ENDS; m++)
            {
                const int w = e * (STEP_WORDS / ENDS) + m;
                const uint2 words = *(const uint2*)(block + skipped + m * 64);
                to[w / 2][w % 2 * 2] = even.pair(words.x >> (c * 4));
                to[w / 2][w % 2 * 2 + 1] = odd.pair(words.y >> (c * 4));
            }
        }

        if (n == CHUNK_STEPS - 1)
        {
            __syncwarp();
            if (lane == 0) { arrive(emptyOfWeight + chunk * 8); }
            if (++chunk == CHUNKS) { chunk = 0; phaseOfWeight ^= 1; }
        }
    };

    const auto advance = [&](int step, unsigned (&now)[4][4], unsigned (&next)[4][4])
    {
        const unsigned long long xs = described(shared + slot * X_BYTES);
        const unsigned done = empty + slot * 8;
        wait(full + slot * 8, phase);
        open();
        #pragma unroll
        for (int k = 0; k < 4; k++) { multiply(sum, now[k], xs + k * 2); }
        close();
        if (++slot == STAGES) { slot = 0; phase ^= 1; }
        if (step + 1 < end) { unpack(step + 1, next); }
        settle(sum);
        if (lane == 0) { arrive(done); }
    };

    if (begin < end) { unpack(begin, a[0]); }
    #pragma unroll 1
    for (int step = begin; step < end; step += 2)
    {
        advance(step, a[0], a[1]);
        if (step + 1 < end) { advance(step + 1, a[1], a[0]); }
    }

    if (splits > 1)
    {
        const int at = blockIdx.y * blocks + block;
        float4* all = (float4*)partials + (long long)at * splits * (SUMS / 4 * COMPUTING) + threadIdx.x;
        #pragma unroll
        for (int n = 0; n < SUMS / 4; n++)
        {
            all[(split * (SUMS / 4) + n) * COMPUTING] = make_float4(sum[n * 4], sum[n * 4 + 1], sum[n * 4 + 2], sum[n * 4 + 3]);
        }

        __threadfence();
        meet();
        if (threadIdx.x == 0) { last = atomicAdd(&arrived[at], 1u) == splits - 1; }
        meet();
        if (!last) { return; }
        __threadfence();
        #pragma unroll
        for (int n = 0; n < SUMS; n++) { sum[n] = 0; }
        for (int s = 0; s < splits; s++)
        {
            #pragma unroll
            for (int n = 0; n < SUMS / 4; n++)
            {
                const float4 from = __ldcg(all + (s * (SUMS / 4) + n) * COMPUTING);
                sum[n * 4] += from.x;
                sum[n * 4 + 1] += from.y;
                sum[n * 4 + 2] += from.z;
                sum[n * 4 + 3] += from.w;
            }
        }

        if (threadIdx.x == 0) { arrived[at] = 0; }
    }

    const int first = (firstTile + warp) * 16 + g * 2;
    if (first >= out) { return; }
    const Element* bias = weights.bias[which];
    Element* output = weights.output[which];
    const float more[2] = { bias ? widen(bias[first]) : 0, bias && first + 1 < out ? widen(bias[first + 1]) : 0 };
    const bool paired = out % 2 == 0 && (long long)output % 4 == 0;
    #pragma unroll
    for (int n = 0; n < SUMS / 2; n++)
    {
        const int row = firstRow + n / 2 * 8 + c * 2 + n % 2;
        if (row >= rows) { continue; }
        Element* to = output + (long long)row * out + first;
        const Element low = narrow(sum[n / 2 * 4 + n % 2] + more[0]), high = narrow(sum[n / 2 * 4 + 2 + n % 2] + more[1]);
        if (paired) { *(unsigned*)to = low | (unsigned)high << 16; }
        else
        {
            to[0] = low;
            if (first + 1 < out) { to[1] = high; }
        }
    }
}
