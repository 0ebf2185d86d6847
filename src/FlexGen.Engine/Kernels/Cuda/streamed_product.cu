// y = x W^T + b for up to TILES x 8 rows of x and up to three weights, in 4-bit groups as PackedShape lays them, by tensor cores (sm_90): sums over
// groups of scale (x q - zero sum of x). W goes from memory to registers, DEPTH groups ahead, for each of its words is needed once: a warp computes two
// tiles of it, 32 rows. K is in as many parts as a cluster has blocks, and each of these in as many as a block has teams, by the weights' shapes alone: a
// part is a team's, whose `pairs` warps share x, in shared memory. Teams' sums are added in their order, then blocks' likewise: a row's result does not
// depend on what shares the batch.
// Lane 4 g + c has the words of 8 consecutive k that are c, c + 4, ... of a group, of the pair's rows 4 g to 4 g + 3 as rows g and g + 8 of
// two A fragments; of x the same k of row g are the B fragment. So neither needs to be permuted: k is in another order in both alike.
//
// Compiled with: GROUP (32, 64 or 128), TILES, DEPTH (even if GROUP is 32), BLOCKS (of a cluster).

#include "packed_groups.cuh"
#include "tensor_cores.cuh"
#include "clusters.cuh"

#define THREADS 512
#define COLUMNS (TILES * 8)
#define QUADS (WORDS / 4)
#define HALVES (QUADS > 2 ? QUADS / 2 : 1)  // of a group, which a fragment of W is made for at once
#define QUADS_OF_HALF (QUADS / HALVES)

// As products have the 8 elements of a word, pairs of neighbours: times UNIT, and more by BASE, which costs less than to have them exactly.
#if ELEMENT == 1
#define UNIT 5.9604644775390625e-8f  // 2^-24: the nibbles' bits are a float16's last
#define BASE 0.0f
__device__ __forceinline__ void spread(unsigned word, unsigned (&pairs)[4])
{
    const unsigned high = word >> 8, sixteenth = 0x2c002c00;
    pairs[0] = word & 0x000f000f;
    pairs[2] = high & 0x000f000f;
    asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(pairs[1]) : "r"(word & 0x00f000f0), "r"(sixteenth));
    asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(pairs[3]) : "r"(high & 0x00f000f0), "r"(sixteenth));
}
#else
#define UNIT 1.0f
#define BASE 128.0f
__device__ __forceinline__ void spread(unsigned word, unsigned (&pairs)[4])
{
    #pragma unroll
    for (int n = 0; n < 4; n++) { pairs[n] = pick<0x000f000f, 0x43004300>(word >> (4 * n)); }
}
#endif

// 16 bytes that are read once.
__device__ __forceinline__ uint4 stream(const uint4* from)
{
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
    return v;
}

extern "C" __global__ void CLUSTER __launch_bounds__(THREADS, 1) streamed_product(
    const Element* x, int rows, int in,
    int pairs, int inverse,  // of tiles of a block, and 65,536 / pairs, rounded up
    int teams, int share,    // groups of a team's part
    int phase,               // groups of which a team's x is in shared memory at once, twice if that is not all: a multiple of DEPTH, even if GROUP is 32
    const uint4* weight0, const uint4* weight1, const uint4* weight2, const Element* bias0, const Element* bias1, const Element* bias2,
    Element* output0, Element* output1, Element* output2, int out0, int out1, int out2,
    int first1, int first2)  // rows of blocks at which the second weight begins, and the third
{
    extern __shared__ uint4 shared[];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, team = warp * inverse >> 16, pair = warp - team * pairs;
    const int g = lane / 4, c = lane % 4, quad = g % 4;
    const int which = ((int)blockIdx.y >= first1) + ((int)blockIdx.y >= first2), rowBlock = blockIdx.y - (which == 0 ? 0 : which == 1 ? first1 : first2);
    const auto ofWhich = [&](auto first, auto second, auto third) { return which == 0 ? first : which == 1 ? second : third; };
    const uint4* weight = ofWhich(weight0, weight1, weight2);
    const int out = ofWhich(out0, out1, out2), groups = (in + GROUP - 1) / GROUP, tiles = (out + 15) / 16;
    const int begin = min(groups, ((int)blockIdx.x * teams + team) * share), length = min(share, groups - begin);
    const int tile = min((rowBlock * pairs + pair) * 2 + g / 4, tiles - 1);
    const uint4* words = weight + ((long long)tile * groups + begin) * BLOCK + c * 4 + quad;
    const uint4* ends = words + WORDS * 4 - c * 4;
    const int buffers = share > phase ? 2 : 1, ofTeam = phase * WORDS * COLUMNS, ofSums = phase * COLUMNS;
    float* sums = (float*)(shared + buffers * teams * ofTeam);

    uint4 ahead[DEPTH][QUADS + 1];
    const auto load = [&](bool there, int d, int n)
    {
        // With a branch the compiler, if short of registers, moves what is loaded at once, and so waits for it.
        if (TILES == 1 && !there) { return; }
        const uint4* from = there ? words + n * BLOCK : weight;
        #pragma unroll
        for (int i = 0; i < QUADS; i++) { ahead[d][i] = stream(from + i * 16); }
        ahead[d][QUADS] = stream(there ? ends + n * BLOCK : weight);
    };

    // Of x a phase's [64 elements, COLUMNS, 64]: 16 bytes swapped with others in odd rows, so that a warp's reads of a fragment meet no bank twice.
    const auto bring = [&](int first, int buffer)
    {
        uint4* xs = shared + (buffer * teams + team) * ofTeam;
        const int width = min(phase, length - first) * WORDS, start = (begin + first) * WORDS, there = in / 8 - start;
        for (int row = pair; row < rows; row += pairs)
        {
            const Element* from = x + (long long)row * in + start * 8;
            for (int k = lane; k < width; k += 32)
            {
                copy(xs + (k / 8 * COLUMNS + row) * 8 + (k % 8 ^ ((row & 1) << 2)), k < there ? from + k * 8 : x, k < there);
            }
        }

        commit();
    };

    const auto meet = [&] { asm volatile("bar.sync %0, %1;" :: "r"(team + 1), "r"(pairs * 32) : "memory"); };

    // 16 bytes of x for the B fragments of two products.
    const int even = g * 8 + c + (g & 1) * 4, odd = g * 8 + c + (1 - (g & 1)) * 4;
    const auto elements = [&](const uint4* xs, int j, int n, int i)
    {
        const int k = j * WORDS + i * 4;
        return xs[k / 8 * (COLUMNS * 8) + n * 64 + (k % 8 == 0 ? even : odd)];
    };

    // The sums of a phase's groups of x, as products with ones.
    const unsigned ones[4] = { ONES, ONES, ONES, ONES };
    const auto sum = [&](int first, int buffer)
    {
        const uint4* xs = shared + (buffer * teams + team) * ofTeam;
        float* to = sums + (buffer * teams + team) * ofSums;
        const int count = min(phase, length - first);
        for (int t = pair; t < count * TILES; t += pairs)
        {
            const int j = t / TILES, n = t % TILES;
            float total[4] = {};
            #pragma unroll
            for (int i = 0; i < QUADS; i++)
            {
                const uint4 b = elements(xs, j, n, i);
                multiply(total, ones, b.x, b.y);
                multiply(total, ones, b.z, b.w);
            }

            if (g == 0) { *(float2*)(to + j * COLUMNS + n * 8 + c * 2) = make_float2(total[0] * UNIT, total[1] * UNIT); }
        }
    };

    #pragma unroll
    for (int d = 0; d < DEPTH; d++) { load(d < length, d, d); }
    bring(0, 0);
    await<0>();
    meet();
    sum(0, 0);
    meet();

    float part[2][TILES][4] = {};
    int buffer = 0;
    for (int first = 0; first < share; first += phase)
    {
        const bool more = first + phase < share;
        if (more) { bring(first + phase, buffer ^ 1); }
        const uint4* xs = shared + (buffer * teams + team) * ofTeam;
        const float* totals = sums + (buffer * teams + team) * ofSums + c * 2;
        const int left = length - first, count = min(phase, left);
        #pragma unroll 1
        for (int from = 0; from < count; from += DEPTH)
        {
            #pragma unroll
            for (int d = 0; d < DEPTH; d++)
            {
                if (from + d >= count) { continue; }
                const unsigned both[4] = { ahead[d][QUADS].x, ahead[d][QUADS].y, ahead[d][QUADS].z, ahead[d][QUADS].w };
                float scale[4], zero[4];
                #pragma unroll
                for (int r = 0; r < 4; r++)
                {
                    scale[r] = ofHalf((unsigned short)both[r]);
                    zero[r] = -ofHalf((unsigned short)(both[r] >> 16)) - BASE;
                }

                float products[TILES][2][4];
                #pragma unroll
                for (int n = 0; n < TILES; n++)
                {
                    const float2 two = *(const float2*)(totals + d * COLUMNS + n * 8);
                    const float total[2] = { two.x, two.y };
                    #pragma unroll
                    for (int e = 0; e < 8; e++) { products[n][e / 4][e % 4] = zero[e / 2] * total[e % 2]; }
                }

                #pragma unroll
                for (int h = 0; h < HALVES; h++)
                {
                    unsigned a[2][QUADS_OF_HALF * 2][4];
                    #pragma unroll
                    for (int i = 0; i < QUADS_OF_HALF; i++)
                    {
                        const uint4 four = ahead[d][h * QUADS_OF_HALF + i];
                        const unsigned row[4] = { four.x, four.y, four.z, four.w };
                        #pragma unroll
                        for (int r = 0; r < 4; r++)
                        {
                            unsigned pairsOfWord[4];
                            spread(row[r], pairsOfWord);
                            #pragma unroll
                            for (int p = 0; p < 4; p++) { a[r / 2][i * 2 + p / 2][r % 2 + p % 2 * 2] = pairsOfWord[p]; }
                        }
                    }

                    #pragma unroll
                    for (int n = 0; n < TILES; n++)
                    {
                        #pragma unroll
                        for (int i = 0; i < QUADS_OF_HALF; i++)
                        {
                            const uint4 b = elements(xs, d, n, h * QUADS_OF_HALF + i);
                            multiply(products[n][0], a[0][i * 2], b.x, b.y);
                            multiply(products[n][1], a[1][i * 2], b.x, b.y);
                            multiply(products[n][0], a[0][i * 2 + 1], b.z, b.w);
                            multiply(products[n][1], a[1][i * 2 + 1], b.z, b.w);
                        }
                    }
                }

                #pragma unroll
                for (int n = 0; n < TILES; n++)
                {
                    #pragma unroll
                    for (int e = 0; e < 8; e++) { part[e / 4][n][e % 4] = fmaf(scale[e / 2], products[n][e / 4][e % 4], part[e / 4][n][e % 4]); }
                }

                load(from + d + DEPTH < left, d, d + DEPTH);
            }

            words += DEPTH * BLOCK;
            ends += DEPTH * BLOCK;
            xs += DEPTH * WORDS * COLUMNS;
            totals += DEPTH * COLUMNS;
        }

        if (more)
        {
            buffer ^= 1;
            await<0>();
            meet();
            sum(first + phase, buffer);
            meet();
        }
    }

    // [teams, COLUMNS, stride], then the sums of the teams: [rows, height].
    __syncthreads();
    float* all = (float*)shared;
    const int height = pairs * 32, stride = height + 4;
    #pragma unroll
    for (int n = 0; n < COLUMNS / 4; n++)
    {
        float* to = all + (team * COLUMNS + n / 2 * 8 + c * 2 + n % 2) * stride + pair * 32 + g * 4;
        const float* low = part[0][n / 2] + n % 2;
        const float* high = part[1][n / 2] + n % 2;
        *(float4*)to = make_float4(low[0] / UNIT, low[2] / UNIT, high[0] / UNIT, high[2] / UNIT);
    }

    const Element* bias = ofWhich(bias0, bias1, bias2);
    Element* output = ofWhich(output0, output1, output2);
    const auto write = [&](int row, int n, float2 v)
    {
        const int o = rowBlock * height + n;
        Element* to = output + (long long)row * out + o;
        if (o < out) { to[0] = narrow(v.x + (bias ? widen(bias[o]) : 0)); }
        if (o + 1 < out) { to[1] = narrow(v.y + (bias ? widen(bias[o + 1]) : 0)); }
    };

    __syncthreads();
    float* own = all + teams * COLUMNS * stride;
    const int threads = height * teams, values = height * rows;
    for (int n = threadIdx.x * 2; n < values; n += threads * 2)
    {
        const int row = (n >> 5) * inverse >> 16, at = n - row * height;
        float2 v = make_float2(0, 0);
        for (int t = 0; t < teams; t++)
        {
            const float2 from = *(const float2*)(all + (t * COLUMNS + row) * stride + at);
            v.x += from.x;
            v.y += from.y;
        }

        if (BLOCKS > 1) { *(float2*)(own + n) = v; }
        else { write(row, at, v); }
    }

#if BLOCKS > 1
    meetCluster();
    for (int n = ((int)blockIdx.x * threads + (int)threadIdx.x) * 2; n < values; n += BLOCKS * threads * 2)
    {
        float2 v = make_float2(0, 0);
        #pragma unroll
        for (int block = 0; block < BLOCKS; block++)
        {
            const float2 from = remote(own + n, block);
            v.x += from.x;
            v.y += from.y;
        }

        const int row = (n >> 5) * inverse >> 16;
        write(row, n - row * height, v);
    }

    meetCluster();
#endif
}
