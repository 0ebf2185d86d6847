// y = x W^T + b for more rows of x than streamed_product.cu is for, W in 4-bit groups as PackedShape lays them, by Hopper's warpgroups (sm_90a), for
// several weights at once, so that small ones fill the GPU together: a block computes 128 rows of one of them, 64 of each of two warpgroups, with
// COLUMNS rows of x. Elements of W, scale * (q - zero), are made in registers, once for all rows of x, while the products before are still computed;
// a warp of a third warpgroup brings what they need, ahead: x and W of some steps in one stage, since each wait costs. K is in parts by the weights'
// shapes alone, each a block's; the last block of an output to end adds up their sums in their order, or a cluster's blocks do, each some rows of x.
// In a warp, lane 4 g + c has the rows 2 g and 2 g + 1 of its tile of 16 as rows g and g + 8 of the fragment, and of each word the pair c.
//
// Compiled with: GROUP (32, 64 or 128), COLUMNS (16, 24, 32, 48, 64, 128, 192 or 256), STAGES (in shared memory, 2 or more), CHUNK_STEPS (of a stage,
// 2 or 4), RESIDENT (1, or with few COLUMNS 2: blocks of a multiprocessor, of which one computes while the other waits), MOST (weights), BLOCKS (parts
// of K, a cluster's, or 1: their number is an argument).

#include "packed_groups.cuh"
#include "tensor_cores.cuh"
#include "warpgroup.cuh"
#include "clusters.cuh"
#include "warpgroup_elements.cuh"

#define COMPUTING 256                           // threads, beside the warpgroup that brings
#define WARPS (COMPUTING / 32)
#define TILES 8                                 // of a block
#define STEP 64                                 // elements of K that are multiplied at once
#define STEP_WORDS (STEP / 8)
#define ENDS (GROUP < STEP ? STEP / GROUP : 1)  // groups of a step
#define CHUNK (STEP * CHUNK_STEPS)
#define PART_STEPS 4                            // of which parts of K are multiples
#define GROUP_BYTES (BLOCK * 16)
#define BOX_BYTES (COLUMNS * STEP * 2)
#define X_BYTES (BOX_BYTES * CHUNK_STEPS)
#define TILE_BYTES (CHUNK / GROUP * GROUP_BYTES)

// Registers of a thread that brings, and of one that computes.
#if RESIDENT == 2
#define FEW "32"
#define MANY "104"
#else
#define FEW "40"
#define MANY "232"
#endif

// Of each weight itself, its bias or null, its results and their number, and of all weights how many blocks are before the next one's.
struct Weights
{
    const unsigned char* weight[MOST];
    const Element* bias[MOST];
    Element* output[MOST];
    long long out[MOST], before[MOST];
};

extern "C" __global__ void CLUSTER __launch_bounds__(COMPUTING + 128, RESIDENT) warpgroup_product(
    const __grid_constant__ TensorMap x,  // [rows, in]: boxes of COLUMNS x STEP, as described() has them
    const __grid_constant__ Weights weights, int rows, int in, int splits,
    float* partials,    // [blocks, SUMS, COMPUTING]
    unsigned* arrived)  // [blocks / splits], zero before and after
{
    extern __shared__ unsigned char memory[];
    __shared__ unsigned long long barriers[STAGES * 2];
    const unsigned start = (unsigned)__cvta_generic_to_shared(memory), shared = (start + 1023) / 1024 * 1024, ofWeight = shared + STAGES * X_BYTES;
    const unsigned full = (unsigned)__cvta_generic_to_shared(barriers), empty = full + STAGES * 8;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, c = lane % 4;
    const int blocks = gridDim.x / splits, block = BLOCKS > 1 ? blockIdx.x / splits : blockIdx.x % blocks;
    const int split = BLOCKS > 1 ? blockIdx.x % splits : blockIdx.x / blocks, firstRow = blockIdx.y * COLUMNS;
    int which = 0;
    while (block >= weights.before[which]) { which++; }
    const unsigned char* weight = weights.weight[which];
    const int out = (int)weights.out[which], firstTile = (block - (which > 0 ? (int)weights.before[which - 1] : 0)) * TILES;
    const int groups = (in + GROUP - 1) / GROUP, tiles = (out + 15) / 16, steps = (in + STEP - 1) / STEP, parts = (steps + PART_STEPS - 1) / PART_STEPS;
    const int begin = parts * split / splits * PART_STEPS, end = min(parts * (split + 1) / splits * PART_STEPS, steps);
    const auto meet = [] { asm volatile("bar.sync 1, %0;" :: "n"(COMPUTING) : "memory"); };
    if (threadIdx.x == 0)
    {
        for (int n = 0; n < STAGES; n++)
        {
            prepare(full + n * 8, 1);
            prepare(empty + n * 8, WARPS);
        }

        publish();
    }

    __syncthreads();

    if (warp >= WARPS)
    {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 " FEW ";");
        if (warp == WARPS)
        {
            int stage = 0;
            unsigned phase = 1;
            for (int step = begin; step < end; step += CHUNK_STEPS)
            {
                const unsigned barrier = full + stage * 8, tile = ofWeight + (stage * TILES + lane) * TILE_BYTES;
                const int first = step * STEP / GROUP, bytes = min(CHUNK / GROUP, groups - first) * GROUP_BYTES, boxes = min(CHUNK_STEPS, end - step);
                const int box = lane - TILES;
                wait(empty + stage * 8, phase);
                if (lane == 0) { expect(barrier, bytes * TILES + boxes * BOX_BYTES); }
                __syncwarp();
                if (lane < TILES) { bring(tile, weight + ((long long)min(firstTile + lane, tiles - 1) * groups + first) * GROUP_BYTES, bytes, barrier); }
                else if (box < boxes) { bring(shared + stage * X_BYTES + box * BOX_BYTES, x, (step + box) * STEP, firstRow, barrier); }
                if (++stage == STAGES) { stage = 0; phase ^= 1; }
            }
        }

        return;
    }

    asm volatile("setmaxnreg.inc.sync.aligned.u32 " MANY ";");
    float sum[SUMS] = {};
    unsigned a[2][4][4] = {};
    const unsigned char* ofWarp = memory + (ofWeight - start) + warp * TILE_BYTES + g * 8;
    const unsigned char* tile = ofWarp;

    // Elements of the words of a stage's step.
    const auto unpack = [&](int n, unsigned (&to)[4][4])
    {
        const unsigned char* first = tile + n * STEP / GROUP * GROUP_BYTES;
        const int skipped = n % (GROUP > STEP ? GROUP / STEP : 1) * (STEP_WORDS * 64);
        #pragma unroll
        for (int e = 0; e < ENDS; e++)
        {
            const unsigned char* block = first + e * GROUP_BYTES;
            const Ends ends(*(const uint2*)(block + WORDS * 64));
            #pragma unroll
            for (int m = 0; m < STEP_WORDS / ENDS; m++)
            {
                const int w = e * (STEP_WORDS / ENDS) + m;
                const uint2 words = *(const uint2*)(block + skipped + m * 64);
                to[w / 2][w % 2 * 2] = ends.pair<0>(words.x, c);
                to[w / 2][w % 2 * 2 + 1] = ends.pair<1>(words.y, c);
            }
        }
    };

    // Waits for a stage's words, and makes elements of its first step.
    const auto enter = [&](int stage, unsigned phase)
    {
        tile = ofWarp + stage * (TILES * TILE_BYTES);
        wait(full + stage * 8, phase);
        unpack(0, a[0]);
    };

    int stage = 0;
    unsigned phase = 0, done = 0;
    if (begin < end) { enter(0, 0); }
    #pragma unroll 1
    for (int base = begin; base < end; base += CHUNK_STEPS)
    {
        const unsigned long long xs = described(shared + stage * X_BYTES);
        const unsigned mine = empty + stage * 8;
        if (++stage == STAGES) { stage = 0; phase ^= 1; }
        #pragma unroll
        for (int n = 0; n < CHUNK_STEPS; n++)
        {
            if (n > 0 && base + n >= end) { continue; }
            open();
            #pragma unroll
            for (int k = 0; k < 4; k++) { multiply(sum, a[n % 2][k], xs + n * (BOX_BYTES / 16) + k * 2); }
            close();

            // The products of the step before are done, so that what they took of may be written to.
            settleAllBut<1>();
            if (n == 0 && done != 0 && lane == 0) { arrive(done); }
            if (n + 1 < CHUNK_STEPS)
            {
                if (base + n + 1 < end) { unpack(n + 1, a[(n + 1) % 2]); }
            }
            else if (base + CHUNK_STEPS < end) { enter(stage, phase); }
        }

        done = mine;
    }

    settle(sum);
    const int first = (firstTile + warp) * 16 + g * 2;
    const Element* bias = weights.bias[which];
    Element* output = weights.output[which];
    const float more[2] = { bias && first < out ? widen(bias[first]) : 0, bias && first + 1 < out ? widen(bias[first + 1]) : 0 };
    const bool paired = out % 2 == 0 && (long long)output % 4 == 0;

    // A thread's sums of two rows of x.
    const auto write = [&](int two, float4 sums)
    {
        #pragma unroll
        for (int n = 0; n < 2; n++)
        {
            const int row = firstRow + two * 8 + c * 2 + n;
            if (row >= rows || first >= out) { continue; }
            Element* to = output + (long long)row * out + first;
            const Element low = narrow((n == 0 ? sums.x : sums.y) + more[0]), high = narrow((n == 0 ? sums.z : sums.w) + more[1]);
            if (paired) { *(unsigned*)to = low | (unsigned)high << 16; }
            else
            {
                to[0] = low;
                if (first + 1 < out) { to[1] = high; }
            }
        }
    };

    const auto own = [&](int n) { return make_float4(sum[n * 4], sum[n * 4 + 1], sum[n * 4 + 2], sum[n * 4 + 3]); };
    if (splits == 1)
    {
        #pragma unroll
        for (int n = 0; n < SUMS / 4; n++) { write(n, own(n)); }
        return;
    }

    const auto add = [](float4& to, float4 from)
    {
        to.x += from.x;
        to.y += from.y;
        to.z += from.z;
        to.w += from.w;
    };

#if BLOCKS > 1
    meet();
    float4* kept = (float4*)(memory + (shared - start)) + threadIdx.x;
    #pragma unroll
    for (int n = 0; n < SUMS / 4; n++) { kept[n * COMPUTING] = own(n); }
    meetCluster();
    for (int n = split; n < SUMS / 4; n += BLOCKS)
    {
        float4 all = make_float4(0, 0, 0, 0);
        #pragma unroll
        for (int s = 0; s < BLOCKS; s++) { add(all, remote(kept + n * COMPUTING, s)); }
        write(n, all);
    }

    meetCluster();
#else
    __shared__ bool last;
    const int at = blockIdx.y * blocks + block;
    float4* all = (float4*)partials + (long long)at * splits * (SUMS / 4 * COMPUTING) + threadIdx.x;
    #pragma unroll
    for (int n = 0; n < SUMS / 4; n++) { all[(split * (SUMS / 4) + n) * COMPUTING] = own(n); }
    __threadfence();
    meet();
    if (threadIdx.x == 0) { last = atomicAdd(&arrived[at], 1u) == splits - 1; }
    meet();
    if (!last) { return; }
    __threadfence();
    float4 sums[SUMS / 4] = {};
    for (int s = 0; s < splits; s++)
    {
        #pragma unroll
        for (int n = 0; n < SUMS / 4; n++) { add(sums[n], __ldcg(all + (s * (SUMS / 4) + n) * COMPUTING)); }
    }

    if (threadIdx.x == 0) { arrived[at] = 0; }
    #pragma unroll
    for (int n = 0; n < SUMS / 4; n++) { write(n, sums[n]); }
#endif
}
