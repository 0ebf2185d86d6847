// y = x W^T + b for few rows of x, W in 4-bit groups as PackedShape lays them, by tensor cores: sum over groups of scale (x q - zero sum of x).
// A warp computes two tiles of W, 32 rows, with TILES x 8 rows of x. K is in splits x PARTS parts, which depend on W alone: a split is a
// block's; TEAMS of warps share its parts, or one takes several, one after the other. Parts are added in their order, the splits' sums likewise,
// by the last block of an output to end: a row's result does not depend on what shares the batch.
// Lane 4 g + c has the words of 8 consecutive k that are c, c + 4, ... of a group, of the pair's rows 4 g to 4 g + 3 as rows g and g + 8 of
// two A fragments; of x the same k of row g are the B fragment. So neither needs to be permuted: k is in another order in both alike.
//
// Compiled with: GROUP, TILES, PAIRS (of tiles, of a block), TEAMS (1, 2, 4), STAGES (of the copies to shared memory).

#define PARTS 4
#define TAKES (PARTS / TEAMS)  // parts of a team
#define COLUMNS (TILES * 8)    // rows of x, columns of the fragments
#define TEAM (PAIRS * 32)
#define THREADS (TEAM * TEAMS)
#define WORDS (GROUP / 8)
#define QUADS ((WORDS + 3) / 4)
#define JOINED (GROUP < 64 ? 64 / GROUP : 1)  // groups of a step
#define BLOCK_BYTES (GROUP * 8 + 64)
#define ROW (JOINED * WORDS)                  // 16 bytes each, of a step's row of x
#define X_STAGE (COLUMNS * ROW)
#define SCALES (QUADS * 32)
#define W_GROUP (SCALES + 8)
#define W_STAGE (JOINED * W_GROUP)
#define STAGE (TEAMS * (X_STAGE + PAIRS * W_STAGE))
#define SUMS (TEAMS * JOINED * COLUMNS)
#define FRAGMENT (TILES * 8)
#define ASYNCHRONOUS (__CUDA_ARCH__ >= 800)

#if ELEMENT == 1
#define ONES 0x3c003c00u
#define MMA "f32.f16.f16.f32"
#else
#define ONES 0x3f803f80u
#define MMA "f32.bf16.bf16.f32"
#endif

// 16 bytes to shared memory, or zeros.
__device__ __forceinline__ void copy(uint4* to, const void* from, bool there)
{
#if ASYNCHRONOUS
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"((unsigned)__cvta_generic_to_shared(to)), "l"(from), "r"(there ? 16 : 0) : "memory");
#else
    *to = there ? __ldg((const uint4*)from) : make_uint4(0, 0, 0, 0);
#endif
}

__device__ __forceinline__ void commit()
{
#if ASYNCHRONOUS
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

template <int Pending>
__device__ __forceinline__ void await()
{
#if ASYNCHRONOUS
    asm volatile("cp.async.wait_group %0;" :: "n"(Pending) : "memory");
#endif
}

__device__ __forceinline__ void multiply(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
#if ASYNCHRONOUS
    asm("mma.sync.aligned.m16n8k16.row.col." MMA " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    asm("mma.sync.aligned.m16n8k8.row.col." MMA " {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm("mma.sync.aligned.m16n8k8.row.col." MMA " {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

// (word & mask) | magic
template <unsigned Mask, unsigned Magic>
__device__ __forceinline__ unsigned pick(unsigned word)
{
    unsigned pair;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(pair) : "r"(word), "n"(Mask), "n"(Magic));
    return pair;
}

__device__ __forceinline__ unsigned fma2(unsigned a, unsigned b, unsigned c)
{
    unsigned d;
#if ELEMENT == 1
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
#else
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
#endif
    return d;
}

// The 8 elements of a word, exactly, as pairs of neighbours. What is or'ed is 1024, 128 in bfloat16, to whose mantissa a nibble is added.
__device__ __forceinline__ void unpack(unsigned word, unsigned (&pairs)[4])
{
#if ELEMENT == 1
    const unsigned high = word >> 8, sixteenth = 0x2c002c00, minus64 = 0xd400d400, minus1024 = 0xe400e400;
    pairs[0] = fma2(pick<0x000f000f, 0x64006400>(word), ONES, minus1024);
    pairs[1] = fma2(pick<0x00f000f0, 0x64006400>(word), sixteenth, minus64);
    pairs[2] = fma2(pick<0x000f000f, 0x64006400>(high), ONES, minus1024);
    pairs[3] = fma2(pick<0x00f000f0, 0x64006400>(high), sixteenth, minus64);
#else
    #pragma unroll
    for (int n = 0; n < 4; n++) { pairs[n] = fma2(pick<0x000f000f, 0x43004300>(word >> (4 * n)), ONES, 0xc300c300); }
#endif
}

__device__ __forceinline__ float half(unsigned bits)
{
    float y;
    asm("{ .reg .b16 h, u; mov.b32 {h, u}, %1; cvt.f32.f16 %0, h; }" : "=f"(y) : "r"(bits));
    return y;
}

// Where 16 bytes of a row of x lie in its stage: so that a warp's reads of a fragment meet no bank twice.
__device__ __forceinline__ int place(int row, int n) { return row * ROW + (ROW % 8 == 0 ? n ^ ((row & 1) << 2) : n); }

extern "C" __global__ void __launch_bounds__(THREADS, 1) packed_product(
    const Element* x, const unsigned char* weight, const Element* bias, Element* output,
    int rows, int in, int out, int splits,
    float* partials,    // [blocks, PAIRS, FRAGMENT, 32]
    unsigned* arrived)  // [blocks / splits], zero before and after
{
    extern __shared__ uint4 shared[];
    __shared__ float sums[2][SUMS];
    __shared__ bool last;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, pair = warp % PAIRS, team = warp / PAIRS, member = threadIdx.x % TEAM;
    const int g = lane / 4, c = lane % 4;
    const int groups = (in + GROUP - 1) / GROUP, tiles = (out + 15) / 16, steps = (groups + JOINED - 1) / JOINED;
    const int across = (rows + COLUMNS - 1) / COLUMNS;
    const int firstColumn = blockIdx.x % across * COLUMNS, split = blockIdx.x / across % splits, rowBlock = blockIdx.x / across / splits;
    const int tile = (rowBlock * PAIRS + pair) * 2 + g / 4, quad = g % 4;
    const bool aligned = in % 8 == 0;
    const auto partEnd = [&](int part) { return (int)((long long)steps * (split * PARTS + part + 1) / (splits * PARTS)); };
    const int begin = partEnd(team * TAKES - 1), end = partEnd(team * TAKES + TAKES - 1);
    const unsigned char* blocks = weight + (long long)min(tile, tiles - 1) * groups * BLOCK_BYTES + quad * 16;

    const auto load = [&](int step, int slot)
    {
        if (step < end)
        {
            uint4* xs = shared + slot * STAGE + team * X_STAGE;
            uint4* ws = shared + slot * STAGE + TEAMS * X_STAGE + warp * W_STAGE;
            #pragma unroll
            for (int j = 0; j < JOINED; j++)
            {
                const int group = step * JOINED + j;
                const bool there = group < groups;
                const unsigned char* block = blocks + (long long)(there ? group : 0) * BLOCK_BYTES;
                #pragma unroll
                for (int i = 0; i < QUADS; i++)
                {
                    const int word = i * 4 + c;
                    copy(ws + j * W_GROUP + i * 32 + lane, block + (word < WORDS ? word : 0) * 64, there && word < WORDS);
                }
                if (c == 0) { copy(ws + j * W_GROUP + SCALES + g, block + WORDS * 64, there); }
            }

            #pragma unroll
            for (int at = 0; at < X_STAGE; at += TEAM)
            {
                const int n = at + member;
                if (X_STAGE % TEAM != 0 && n >= X_STAGE) { break; }
                const int row = firstColumn + n / ROW, k = step * (ROW * 8) + n % ROW * 8;
                uint4* to = xs + place(n / ROW, n % ROW);
                const Element* from = x + (long long)row * in + k;
                if (aligned)
                {
                    const bool there = row < rows && k < in;
                    copy(to, there ? from : x, there);
                }
                else
                {
                    #pragma unroll
                    for (int e = 0; e < 8; e++) { ((Element*)to)[e] = row < rows && k + e < in ? from[e] : 0; }
                }
            }
        }

        commit();
    };

    const auto meet = [&]() { asm volatile("bar.sync %0, %1;" :: "r"(team + 1), "n"(TEAM) : "memory"); };

    // The sums of a step's groups of x, as products with ones: x is the A operand here, 16 rows at once.
    const auto sum = [&](int slot, int buffer)
    {
        const uint4* xs = shared + slot * STAGE + team * X_STAGE;
        #pragma unroll
        for (int t = pair; t < (COLUMNS + 15) / 16; t += PAIRS)
        {
            #pragma unroll
            for (int j = 0; j < JOINED; j++)
            {
                float total[4] = {};
                #pragma unroll
                for (int i = 0; i < QUADS; i++)
                {
                    uint4 upper = {}, lower = {};
                    if (WORDS % 4 == 0 || i * 4 + c < WORDS)
                    {
                        upper = xs[place(t * 16 + g, j * WORDS + i * 4 + c)];
                        if (COLUMNS >= 16) { lower = xs[place(t * 16 + g + 8, j * WORDS + i * 4 + c)]; }
                    }
                    multiply(total, { upper.x, lower.x, upper.y, lower.y }, ONES, ONES);
                    multiply(total, { upper.z, lower.z, upper.w, lower.w }, ONES, ONES);
                }
                float* to = sums[buffer] + (team * JOINED + j) * COLUMNS + t * 16 + g;
                if (c == 0)
                {
                    to[0] = total[0];
                    if (COLUMNS >= 16) { to[8] = total[2]; }
                }
            }
        }
    };

    float part[2][TILES][4] = {}, before[2][TILES][4] = {};
    const auto each = [&](auto work)
    {
        #pragma unroll
        for (int m = 0; m < 2; m++)
        {
            #pragma unroll
            for (int n = 0; n < TILES; n++)
            {
                #pragma unroll
                for (int e = 0; e < 4; e++) { work(part[m][n][e], before[m][n][e], (m * TILES + n) * 4 + e); }
            }
        }
    };

    #pragma unroll
    for (int n = 0; n < STAGES - 1; n++) { load(begin + n, n); }
    await<STAGES - 2>();
    meet();
    if (begin < end) { sum(0, 0); }
    int slot = 0, buffer = 0, taking = team * TAKES;
    for (int step = begin; step < end; step++)
    {
        const int next = slot + 1 == STAGES ? 0 : slot + 1;
        await<STAGES - 3>();
        meet();
        load(step + STAGES - 1, slot == 0 ? STAGES - 1 : slot - 1);
        if (step + 1 < end) { sum(next, buffer ^ 1); }

        const uint4* xs = shared + slot * STAGE + team * X_STAGE;
        const uint4* ws = shared + slot * STAGE + TEAMS * X_STAGE + warp * W_STAGE;
        #pragma unroll
        for (int j = 0; j < JOINED; j++)
        {
            unsigned a[2][QUADS * 2][4];
            #pragma unroll
            for (int i = 0; i < QUADS; i++)
            {
                const uint4 words = ws[j * W_GROUP + i * 32 + lane];
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

            const uint4 ends = ws[j * W_GROUP + SCALES + g];
            const unsigned both[4] = { ends.x, ends.y, ends.z, ends.w };
            float scale[4], zero[4];
            #pragma unroll
            for (int r = 0; r < 4; r++)
            {
                scale[r] = half(both[r]);
                zero[r] = -half(both[r] >> 16);
            }

            #pragma unroll
            for (int n = 0; n < TILES; n++)
            {
                float products[2][4] = {};
                #pragma unroll
                for (int i = 0; i < QUADS; i++)
                {
                    uint4 b = {};
                    if (WORDS % 4 == 0 || i * 4 + c < WORDS) { b = xs[place(n * 8 + g, j * WORDS + i * 4 + c)]; }
                    multiply(products[0], a[0][i * 2], b.x, b.y);
                    multiply(products[1], a[1][i * 2], b.x, b.y);
                    multiply(products[0], a[0][i * 2 + 1], b.z, b.w);
                    multiply(products[1], a[1][i * 2 + 1], b.z, b.w);
                }

                const float2 total = *(const float2*)(sums[buffer] + (team * JOINED + j) * COLUMNS + n * 8 + c * 2);
                #pragma unroll
                for (int e = 0; e < 8; e++)
                {
                    const int r = e / 2;
                    float& to = part[r / 2][n][e % 4];
                    to = fmaf(scale[r], fmaf(zero[r], e % 2 == 0 ? total.x : total.y, products[r / 2][e % 4]), to);
                }
            }
        }

        while (TAKES > 1 && taking < team * TAKES + TAKES - 1 && step + 1 >= partEnd(taking))
        {
            each([](float& now, float& sum, int) { sum += now; now = 0; });
            taking++;
        }

        slot = next;
        buffer ^= 1;
    }

    if (TEAMS > 1)
    {
        await<0>();
        __syncthreads();
        float* others = (float*)shared + pair * FRAGMENT * 32 + lane;
        const int stride = PAIRS * FRAGMENT * 32;
        if (team > 0)
        {
            each([&](float& now, float& sum, int n)
            {
                float* to = others + (team - 1) * TAKES * stride + n * 32;
                if (TAKES > 1) { to[0] = sum; }
                to[(TAKES - 1) * stride] = now;
            });
        }

        __syncthreads();
        if (team == 0)
        {
            each([&](float& now, float& sum, int n)
            {
                if (TAKES > 1) { now = sum + now; }
                #pragma unroll
                for (int p = 0; p < PARTS - TAKES; p++) { now += others[p * stride + n * 32]; }
            });
        }
    }
    else
    {
        each([](float& now, float& sum, int) { now = sum + now; });
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
            each([](float& now, float&, int) { now = 0; });
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
    const int first = tile * 16 + quad * 4;
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
        if (out % 4 == 0 && first < out)
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
