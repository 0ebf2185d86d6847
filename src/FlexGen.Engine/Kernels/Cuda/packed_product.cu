// y = x W^T + b for few rows of x, W in 4-bit groups as PackedShape lays them, by tensor cores: sum over groups of scale (x q - zero sum of x).
// A warp computes two tiles of W, 32 rows, with TILES x 8 rows of x. K is in splits x PARTS parts, which depend on W alone: a split is a
// block's; TEAMS of warps share its parts, or one takes several, one after the other. Parts are added in their order, the splits' sums likewise,
// by the last block of an output to end: a row's result does not depend on what shares the batch.
// Lane 4 g + c has the words of 8 consecutive k that are c, c + 4, ... of a group, of the pair's rows 4 g to 4 g + 3 as rows g and g + 8 of
// two A fragments; of x the same k of row g are the B fragment. So neither needs to be permuted: k is in another order in both alike.
//
// Compiled with: GROUP, TILES, PAIRS (of tiles, of a block), TEAMS (1, 2, 4), STEP (elements of K between two barriers, 64 or 128),
// STAGES (steps in shared memory, 3 or more), OWN (1: each warp sums x itself, and 2 stages are enough; 0: pairs share the work, of which TILES
// is a multiple).

#include "packed_groups.cuh"
#include "tensor_cores.cuh"

#define PARTS 4
#define TAKES (PARTS / TEAMS)  // parts of a team
#define COLUMNS (TILES * 8)    // rows of x, columns of the fragments
#define TEAM (PAIRS * 32)
#define THREADS (TEAM * TEAMS)
#define QUADS ((WORDS + 3) / 4)
#define HALF (GROUP < 64 ? 64 / GROUP : 1)  // groups of 64 elements of K
#define UNIT (GROUP < 128 ? 2 * HALF : 1)   // groups, of which a part is a multiple
#define JOINED (STEP < 128 ? HALF : UNIT)   // groups of a step

// In copies of 16 bytes:
#define ROW (JOINED * WORDS)                       // a step's of a row of x
#define X_STAGE (COLUMNS * ROW)
#define TILE (JOINED * BLOCK)                      // a step's of a tile
#define STAGE (TEAMS * (X_STAGE + PAIRS * TILE * 2))
#define SUMS (TEAMS * JOINED * COLUMNS)
#define FRAGMENT (TILES * 8)
#define SLOT (PAIRS * FRAGMENT * 32)               // floats of a team's sums

// Where 16 bytes lie in a stage, of a row of x and of a tile: so that a warp's reads of a fragment meet no bank twice.
__device__ __forceinline__ int place(int row, int n) { return row * ROW + (ROW % 8 == 0 ? n ^ ((row & 1) << 2) : n); }
__device__ __forceinline__ int place(int n) { return n ^ (n >> 2 & 2); }

extern "C" __global__ void __launch_bounds__(THREADS, 1) packed_product(
    const Element* x, const uint4* weight, const Element* bias, Element* output,
    int rows, int in, int out, int splits,
    float* partials,    // [blocks, PAIRS, FRAGMENT, 32]
    unsigned* arrived)  // [blocks / splits], zero before and after
{
    extern __shared__ uint4 shared[];
    __shared__ float sums[2][SUMS];
    __shared__ bool last;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, pair = warp % PAIRS, team = warp / PAIRS, member = threadIdx.x % TEAM;
    const int g = lane / 4, c = lane % 4;
    const int groups = (in + GROUP - 1) / GROUP, tiles = (out + 15) / 16, units = (groups + UNIT - 1) / UNIT;
    const int across = (rows + COLUMNS - 1) / COLUMNS;
    const int firstColumn = blockIdx.x % across * COLUMNS, split = blockIdx.x / across % splits, rowBlock = blockIdx.x / across / splits;
    const int firstTile = (rowBlock * PAIRS + pair) * 2, quad = g % 4;
    const auto partEnd = [&](int part) { return units * (split * PARTS + part + 1) / (splits * PARTS) * (UNIT / JOINED); };
    const int begin = partEnd(team * TAKES - 1), end = partEnd(team * TAKES + TAKES - 1);

    const int tileLoads = groups * BLOCK;
    const uint4* tilesOfPair = weight + (long long)min(firstTile, tiles - 1) * tileLoads;
    const bool aligned = in % 8 == 0 && (long long)x % 16 == 0;
    const int toSecond = firstTile + 1 < tiles ? tileLoads - TILE : -TILE;
    const Element* ofMember = x + (long long)(firstColumn + member / ROW) * in + member % ROW * 8;
    const auto load = [&](int step, int slot)
    {
        if (step < end)
        {
            uint4* ws = shared + slot * STAGE + TEAMS * X_STAGE + warp * TILE * 2 + place(lane);
            const uint4* from = tilesOfPair + step * TILE + lane;
            const int left = tileLoads - step * TILE - lane;
            #pragma unroll
            for (int at = 0; at < TILE * 2; at += 32)
            {
                const bool second = at + lane >= TILE;
                if (TILE * 2 - at >= 32 || at + lane < TILE * 2) { copy(ws + at, from + at + (second ? toSecond : 0), at - (second ? TILE : 0) < left); }
            }

            uint4* xs = shared + slot * STAGE + team * X_STAGE;
            if (aligned)
            {
                #pragma unroll
                for (int at = 0; at < X_STAGE; at += TEAM)
                {
                    const int n = at + member, row = TEAM % ROW == 0 ? at / ROW + member / ROW : n / ROW, k = TEAM % ROW == 0 ? member % ROW : n % ROW;
                    const bool there = firstColumn + row < rows && (step * ROW + k) * 8 < in;
                    const Element* from = TEAM % ROW == 0 ? ofMember + at / ROW * in : x + (long long)(firstColumn + row) * in + k * 8;
                    if (X_STAGE - at >= TEAM || n < X_STAGE) { copy(xs + place(row, k), there ? from + step * ROW * 8 : x, there); }
                }
            }
            else
            {
                #pragma unroll 1
                for (int n = member; n < X_STAGE * 8; n += TEAM)
                {
                    const int row = firstColumn + n / (ROW * 8), k = n % (ROW * 8), at = step * ROW * 8 + k;
                    ((Element*)(xs + place(n / (ROW * 8), k / 8)))[k % 8] = row < rows && at < in ? x[(long long)row * in + at] : 0;
                }
            }
        }

        commit();
    };

    const auto meet = [&]()
    {
        if (TEAMS == 1) { __syncthreads(); }
        else { asm volatile("bar.sync %0, %1;" :: "r"(team + 1), "n"(TEAM) : "memory"); }
    };

    // 16 bytes of x for the B fragments of two products.
    const auto elements = [&](const uint4* xs, int n, int j, int i)
    {
        return WORDS % 4 == 0 || i * 4 + c < WORDS ? xs[place(n * 8 + g, j * WORDS + i * 4 + c)] : make_uint4(0, 0, 0, 0);
    };

    const unsigned ones[4] = { ONES, ONES, ONES, ONES };

    // The sums of a step's groups of x, as products with ones.
    const auto sum = [&](int slot, int buffer)
    {
        const uint4* xs = shared + slot * STAGE + team * X_STAGE;
        #pragma unroll
        for (int j = 0; j < JOINED; j++)
        {
            #pragma unroll
            for (int m = 0; m < TILES / PAIRS; m++)
            {
                const int n = m * PAIRS + pair;
                float total[4] = {};
                #pragma unroll
                for (int i = 0; i < QUADS; i++)
                {
                    const uint4 b = elements(xs, n, j, i);
                    multiply(total, ones, b.x, b.y);
                    multiply(total, ones, b.z, b.w);
                }
                if (g == 0) { *(float2*)(sums[buffer] + (team * JOINED + j) * COLUMNS + n * 8 + c * 2) = make_float2(total[0], total[1]); }
            }
        }
    };

    float part[2][TILES][4] = {};
    float* kept = (float*)(shared + STAGES * STAGE) + warp * FRAGMENT * 32 + lane;  // the sums of a team's parts before
    const auto each = [&](auto work)
    {
        #pragma unroll
        for (int m = 0; m < 2; m++)
        {
            #pragma unroll
            for (int n = 0; n < TILES; n++)
            {
                #pragma unroll
                for (int e = 0; e < 4; e++) { work(part[m][n][e], (m * TILES + n) * 4 + e); }
            }
        }
    };

    int taking = team * TAKES, taken = partEnd(taking);
    const auto keep = [&]()
    {
        const bool first = taking == team * TAKES;
        each([&](float& now, int n)
        {
            kept[n * 32] = first ? now : kept[n * 32] + now;
            now = 0;
        });
    };

    #pragma unroll
    for (int n = 0; n < STAGES - 1; n++) { load(begin + n, n); }
    if (!OWN)
    {
        await<STAGES - 2>();
        meet();
        sum(0, 0);
    }

    int slot = 0, buffer = 0;
    for (int step = begin; step < end; step++)
    {
        for (; TAKES > 1 && step >= taken; taken = partEnd(++taking)) { keep(); }
        const int next = slot + 1 == STAGES ? 0 : slot + 1;
        await<STAGES - 3 + OWN>();
        meet();
        load(step + STAGES - 1, slot == 0 ? STAGES - 1 : slot - 1);
        if (!OWN) { sum(next, buffer ^ 1); }

        const uint4* xs = shared + slot * STAGE + team * X_STAGE;
        const uint4* ws = shared + slot * STAGE + TEAMS * X_STAGE + warp * TILE * 2;
        #pragma unroll
        for (int j = 0; j < JOINED; j++)
        {
            unsigned a[2][QUADS * 2][4];
            #pragma unroll
            for (int i = 0; i < QUADS; i++)
            {
                const uint4 words = WORDS % 4 == 0 || i * 4 + c < WORDS ? ws[place(g / 4 * TILE + j * BLOCK + (i * 4 + c) * 4 + quad)] : make_uint4(0, 0, 0, 0);
                const unsigned row[4] = { words.x, words.y, words.z, words.w };
                #pragma unroll
                for (int r = 0; r < 4; r++)
                {
                    unsigned pairs[4];
                    unpack(row[r], pairs);
                    #pragma unroll
                    for (int p = 0; p < 4; p++) { a[r / 2][i * 2 + p / 2][r % 2 + p % 2 * 2] = pairs[p]; }
                }
            }

            const uint4 ends = ws[place(g / 4 * TILE + j * BLOCK + WORDS * 4 + quad)];
            const unsigned both[4] = { ends.x, ends.y, ends.z, ends.w };
            float scale[4], zero[4];
            #pragma unroll
            for (int r = 0; r < 4; r++)
            {
                scale[r] = ofHalf((unsigned short)both[r]);
                zero[r] = -ofHalf((unsigned short)(both[r] >> 16));
            }

            #pragma unroll
            for (int n = 0; n < TILES; n++)
            {
                float products[2][4] = {}, total[4] = {};
                #pragma unroll
                for (int i = 0; i < QUADS; i++)
                {
                    const uint4 b = elements(xs, n, j, i);
                    multiply(products[0], a[0][i * 2], b.x, b.y);
                    multiply(products[1], a[1][i * 2], b.x, b.y);
                    multiply(products[0], a[0][i * 2 + 1], b.z, b.w);
                    multiply(products[1], a[1][i * 2 + 1], b.z, b.w);
                    if (OWN)
                    {
                        multiply(total, ones, b.x, b.y);
                        multiply(total, ones, b.z, b.w);
                    }
                }

                if (!OWN) { *(float2*)total = *(const float2*)(sums[buffer] + (team * JOINED + j) * COLUMNS + n * 8 + c * 2); }
                #pragma unroll
                for (int e = 0; e < 8; e++)
                {
                    const int r = e / 2;
                    float& to = part[r / 2][n][e % 4];
                    to = fmaf(scale[r], fmaf(zero[r], total[e % 2], products[r / 2][e % 4]), to);
                }
            }
        }

        slot = next;
        buffer ^= 1;
    }

    for (; taking < team * TAKES + TAKES - 1; taking++) { keep(); }
    if (TEAMS > 1)
    {
        await<0>();
        __syncthreads();
        float* lasts = (float*)shared + pair * FRAGMENT * 32 + lane;
        if (team > 0) { each([&](float& now, int n) { lasts[(team - 1) * SLOT + n * 32] = now; }); }
        __syncthreads();
        if (team == 0)
        {
            each([&](float& now, int n)
            {
                if (TAKES > 1) { now = kept[n * 32] + now; }
                #pragma unroll
                for (int t = 1; t < TEAMS; t++)
                {
                    if (TAKES > 1) { now += kept[t * SLOT + n * 32]; }
                    now += lasts[(t - 1) * SLOT + n * 32];
                }
            });
        }
    }
    else
    {
        each([&](float& now, int n) { now = kept[n * 32] + now; });
    }

    if (splits > 1)
    {
        const int place = rowBlock * across + blockIdx.x % across;
        float4* all = (float4*)partials + ((long long)place * splits * PAIRS + pair) * (FRAGMENT / 4 * 32) + lane;
        const int stride = PAIRS * (FRAGMENT / 4 * 32);
        if (team == 0)
        {
            #pragma unroll
            for (int n = 0; n < FRAGMENT / 4; n++)
            {
                const float* from = part[n / TILES][n % TILES];
                all[split * stride + n * 32] = make_float4(from[0], from[1], from[2], from[3]);
            }
        }

        __threadfence();
        __syncthreads();
        if (threadIdx.x == 0) { last = atomicAdd(&arrived[place], 1u) == splits - 1; }
        __syncthreads();
        if (!last) { return; }
        __threadfence();
        if (team == 0)
        {
            each([](float& now, int) { now = 0; });
            for (int s = 0; s < splits; s++)
            {
                #pragma unroll
                for (int n = 0; n < FRAGMENT / 4; n++)
                {
                    float* to = part[n / TILES][n % TILES];
                    const float4 from = __ldcg(all + s * stride + n * 32);
                    to[0] += from.x;
                    to[1] += from.y;
                    to[2] += from.z;
                    to[3] += from.w;
                }
            }
        }

        if (threadIdx.x == 0) { arrived[place] = 0; }
    }

    if (team > 0) { return; }
    const int first = (firstTile + g / 4) * 16 + quad * 4;
    float more[4];
    #pragma unroll
    for (int r = 0; r < 4; r++) { more[r] = bias && first + r < out ? widen(bias[first + r]) : 0; }
    #pragma unroll
    for (int n = 0; n < COLUMNS / 4; n++)
    {
        const int row = firstColumn + n / 2 * 8 + c * 2 + n % 2;
        if (row >= rows) { continue; }
        union { uint2 all; Element at[4]; } y;
        #pragma unroll
        for (int r = 0; r < 4; r++) { y.at[r] = narrow(part[r / 2][n / 2][r % 2 * 2 + n % 2] + more[r]); }
        Element* to = output + (long long)row * out + first;
        if (out % 4 == 0 && (long long)output % 8 == 0 && first < out)
        {
            *(uint2*)to = y.all;
        }
        else
        {
            #pragma unroll
            for (int r = 0; r < 4; r++)
            {
                if (first + r < out) { to[r] = y.at[r]; }
            }
        }
    }
}
