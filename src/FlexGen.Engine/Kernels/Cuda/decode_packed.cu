// softmax(q K^T scale) V for one new token of each sequence, over a KV cache in 4 bits, to which it is added on the way: what
// decode_attention.cu does, for rows of packed_rows.cuh. Tensor cores multiply the numbers as they are, up to 8 query heads at once:
// q . k = scale (sum q_i k_i - zero sum q_i), once a block; for values the weights have the scale, and their sum times zero goes off at the end.
// A number n is 64 + n in float16, without a conversion: 0x5400 and the number 4 bits up.
//
// Compiled with: GROUP (query heads of a key head), WARPS, TILES (of 16 tokens, of a warp's step), CHUNK (tokens), WIDE (rows are whole
// words of 8 bytes), and those of packed_rows.cuh.

#include "packed_rows.cuh"
#include "decode_merge.cuh"

#define HEADS (GROUP < 8 ? GROUP : 8)
#define STEP (TILES * 16)
#define STEPS (CHUNK / (WARPS * STEP))
#define KEY_WORDS ((WORDS + 3) / 4)
#define VALUE_WORDS ((WORDS + 7) / 8)
#define OFFSET 64.0f

// What a thread has of 16 tokens. row and column: its place among 8 x 4 of a warp. Keys and pairs: tokens row and row + 8, words of the
// column; values: tokens 2 column, 2 column + 1, 2 column + 8, 2 column + 9, words of the row.
struct Tile
{
    unsigned keys[BLOCKS][KEY_WORDS][2], keyPairs[BLOCKS][2], valuePairs[BLOCKS][2];
    unsigned values[BLOCKS][VALUE_WORDS][4];
};

// Where a sequence's rows are.
struct Rows
{
    const unsigned char *keys, *values, *newKeys, *newValues;
    long long stride;
    int begin, end, newest;

    __device__ __forceinline__ bool has(int t) const { return t >= begin && t < end; }
    __device__ __forceinline__ const unsigned char* key(int t) const { return t == newest ? newKeys : keys + t * stride; }
    __device__ __forceinline__ const unsigned char* value(int t) const { return t == newest ? newValues : values + t * stride; }
};

__device__ __forceinline__ void loadPairs(const unsigned char* row, int head, unsigned (&pairs)[BLOCKS][2], int r)
{
    const unsigned* at = (const unsigned*)(row + WORD_BYTES) + head * BLOCKS;
#if WIDE && BLOCKS % 2 == 0
    #pragma unroll
    for (int b = 0; b < BLOCKS; b += 2)
    {
        const uint2 two = *(const uint2*)(at + b);
        pairs[b][r] = two.x;
        pairs[b + 1][r] = two.y;
    }
#else
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++) { pairs[b][r] = at[b]; }
#endif
}

__device__ __forceinline__ void load(const Rows& rows, int head, int first, Tile& tile)
{
    const int row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
    #pragma unroll
    for (int r = 0; r < 2; r++)
    {
        const int t = first + row + r * 8;
        if (rows.has(t))
        {
            const unsigned char* key = rows.key(t);
            #pragma unroll
            for (int b = 0; b < BLOCKS; b++)
            {
                const unsigned* words = (const unsigned*)key + (head * BLOCKS + b) * WORDS + column * KEY_WORDS;
#if WIDE && WORDS == 8
                const uint2 two = *(const uint2*)words;
                tile.keys[b][0][r] = two.x;
                tile.keys[b][1][r] = two.y;
#else
                #pragma unroll
                for (int p = 0; p < KEY_WORDS; p++) { tile.keys[b][p][r] = column * KEY_WORDS + p < WORDS ? words[p] : 0; }
#endif
            }

            loadPairs(key, head, tile.keyPairs, r);
            loadPairs(rows.value(t), head, tile.valuePairs, r);
        }
        else
        {
            #pragma unroll
            for (int b = 0; b < BLOCKS; b++)
            {
                tile.keyPairs[b][r] = tile.valuePairs[b][r] = 0;
                #pragma unroll
                for (int p = 0; p < KEY_WORDS; p++) { tile.keys[b][p][r] = 0; }
            }
        }
    }

    #pragma unroll
    for (int r = 0; r < 4; r++)
    {
        const int t = first + column * 2 + r % 2 + r / 2 * 8;
        const unsigned* words = (const unsigned*)rows.value(t) + head * BLOCKS * WORDS + row;
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++)
        {
            #pragma unroll
            for (int p = 0; p < VALUE_WORDS; p++) { tile.values[b][p][r] = rows.has(t) && p * 8 + row < WORDS ? words[b * WORDS + p * 8] : 0; }
        }
    }
}

// Two numbers of a word, 16 bits apart: 64 + each, in float16.
template <int at>
__device__ __forceinline__ unsigned numbers(unsigned word) { return ((at == 0 ? word << 4 : word >> (at * 4 - 4)) & 0x00f000f0) | 0x54005400; }

__device__ __forceinline__ unsigned halves(float low, float high) { return toHalf(low) | (unsigned)toHalf(high) << 16; }
__device__ __forceinline__ float low(unsigned pair) { return ofHalf((unsigned short)pair); }
__device__ __forceinline__ float high(unsigned pair) { return ofHalf((unsigned short)(pair >> 16)); }

// c += a b: [16, 16] and [16, 8] of float16. A thread has of a the rows row, row + 8, row, row + 8 at the columns 2 column, twice, and 8
// further, twice; of b these as rows, at the column row; of c the rows row, twice, and row + 8, twice, at the columns 2 column and the next.
__device__ __forceinline__ void multiply(float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a0), "r"(a1), "r"(b0));
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a2), "r"(a3), "r"(b1));
#endif
}

// 8 x 8 of float16, each thread having two of a row.
__device__ __forceinline__ unsigned transpose(unsigned x)
{
    unsigned y;
    asm("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(y) : "r"(x));
    return y;
}

// Over the threads of a column.
template <typename With, typename T>
__device__ __forceinline__ T overRows(T x, With with)
{
    #pragma unroll
    for (int offset = 4; offset < 32; offset *= 2) { x = with(x, __shfl_xor_sync(0xffffffff, x, offset)); }
    return x;
}

// What a warp has found so far. Its sums, and what is to go off them, are in units: powers of two that keep weights within float16.
struct Found
{
    float sums[BLOCKS][VALUE_WORDS][4][4], off[BLOCKS][2], unit[BLOCKS], highest[2], total[2];
};

struct Query
{
    unsigned elements[BLOCKS][KEY_WORDS][4];
    float sums[BLOCKS][2];
};

// The greatest power of two that is not above a positive float16; the least float16 for 0.
__device__ __forceinline__ float unitOf(unsigned scale) { return __uint_as_float(__float_as_uint(ofHalf((unsigned short)max(scale, 1u))) & 0x7f800000); }

__device__ __forceinline__ void attend(const Rows& rows, int first, const Query& query, const Tile (&tiles)[TILES], Found& found)
{
    const int row = threadIdx.x % 32 / 4;
    float scores[TILES][4], highest[2] = { LOWEST, LOWEST };
    #pragma unroll
    for (int i = 0; i < TILES; i++)
    {
        const Tile& tile = tiles[i];
        #pragma unroll
        for (int n = 0; n < 4; n++) { scores[i][n] = 0; }
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++)
        {
            float products[4] = { 0, 0, 0, 0 };
            #pragma unroll
            for (int p = 0; p < KEY_WORDS; p++)
            {
                const unsigned one = tile.keys[b][p][0], other = tile.keys[b][p][1], (&q)[4] = query.elements[b][p];
                multiply(products, numbers<0>(one), numbers<0>(other), numbers<1>(one), numbers<1>(other), q[0], q[1]);
                multiply(products, numbers<2>(one), numbers<2>(other), numbers<3>(one), numbers<3>(other), q[2], q[3]);
            }

            #pragma unroll
            for (int n = 0; n < 4; n++)
            {
                const unsigned pair = tile.keyPairs[b][n / 2];
                scores[i][n] += low(pair) * (products[n] - (OFFSET + high(pair)) * query.sums[b][n % 2]);
            }
        }

        #pragma unroll
        for (int n = 0; n < 4; n++)
        {
            if (!rows.has(first + i * 16 + row + n / 2 * 8)) { scores[i][n] = LOWEST; }
            highest[n % 2] = fmaxf(highest[n % 2], scores[i][n]);
        }
    }

    float fade[2];
    #pragma unroll
    for (int h = 0; h < 2; h++)
    {
        const float higher = fmaxf(found.highest[h], overRows(highest[h], [](float a, float b) { return fmaxf(a, b); }));
        fade[h] = exp2f(found.highest[h] - higher);
        found.highest[h] = higher;
        found.total[h] *= fade[h];
    }

    #pragma unroll
    for (int i = 0; i < TILES; i++)
    {
        #pragma unroll
        for (int n = 0; n < 4; n++)
        {
            scores[i][n] = scores[i][n] > LOWEST ? exp2f(scores[i][n] - found.highest[n % 2]) : 0;
            found.total[n % 2] += scores[i][n];
        }
    }

    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        unsigned greatest = 0;
        #pragma unroll
        for (int i = 0; i < TILES; i++) { greatest = max(greatest, max(tiles[i].valuePairs[b][0] & 0xffff, tiles[i].valuePairs[b][1] & 0xffff)); }
        const float unit = fmaxf(found.unit[b], unitOf(overRows(greatest, [](unsigned a, unsigned b) { return max(a, b); })));
        if (STEPS > 1)
        {
            #pragma unroll
            for (int h = 0; h < 2; h++)
            {
                const float smaller = fade[h] * (found.unit[b] / unit);
                found.off[b][h] *= smaller;
                #pragma unroll
                for (int n = 0; n < VALUE_WORDS * 8; n++) { found.sums[b][n / 8][n / 2 % 4][n % 2 * 2 + h] *= smaller; }
            }
        }

        found.unit[b] = unit;
        const float toUnits = __uint_as_float(0x7f000000 - __float_as_uint(unit));
        #pragma unroll
        for (int i = 0; i < TILES; i++)
        {
            const Tile& tile = tiles[i];
            unsigned weights[2];
            #pragma unroll
            for (int r = 0; r < 2; r++)
            {
                const float scale = low(tile.valuePairs[b][r]) * toUnits, zero = OFFSET + high(tile.valuePairs[b][r]);
                weights[r] = halves(scores[i][r * 2] * scale, scores[i][r * 2 + 1] * scale);
                found.off[b][0] += low(weights[r]) * zero;
                found.off[b][1] += high(weights[r]) * zero;
                weights[r] = transpose(weights[r]);
            }

            #pragma unroll
            for (int p = 0; p < VALUE_WORDS; p++)
            {
                // The numbers of two tokens beside each other: of a word's even elements, then of its odd ones.
                const unsigned (&words)[4] = tile.values[b][p];
                const unsigned even = __byte_perm(words[0], words[1], 0x5410), odd = __byte_perm(words[0], words[1], 0x7632);
                const unsigned laterEven = __byte_perm(words[2], words[3], 0x5410), laterOdd = __byte_perm(words[2], words[3], 0x7632);
                float (&sums)[4][4] = found.sums[b][p];
                multiply(sums[0], numbers<0>(even), numbers<0>(odd), numbers<0>(laterEven), numbers<0>(laterOdd), weights[0], weights[1]);
                multiply(sums[1], numbers<1>(even), numbers<1>(odd), numbers<1>(laterEven), numbers<1>(laterOdd), weights[0], weights[1]);
                multiply(sums[2], numbers<2>(even), numbers<2>(odd), numbers<2>(laterEven), numbers<2>(laterOdd), weights[0], weights[1]);
                multiply(sums[3], numbers<3>(even), numbers<3>(odd), numbers<3>(laterEven), numbers<3>(laterOdd), weights[0], weights[1]);
            }
        }
    }
}

// What a warp has found of its tokens, of each head.
__device__ __forceinline__ void write(Found& found, float (&merged)[HEADS][RECORD])
{
    const int row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
    #pragma unroll
    for (int h = 0; h < 2; h++)
    {
        const int head = column * 2 + h;
        const float total = overRows(found.total[h], [](float a, float b) { return a + b; });
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++) { found.off[b][h] = overRows(found.off[b][h], [](float a, float b) { return a + b; }); }
        if (head < HEADS)
        {
            #pragma unroll
            for (int n = 0; n < BLOCKS * VALUE_WORDS * 8; n++)
            {
                const int b = n / (VALUE_WORDS * 8), p = n / 8 % VALUE_WORDS, e = n % 8, d = b * BLOCK + (p * 8 + row) * 8 + e;
                if (p * 8 + row < WORDS && d < HEAD_DIM)
                {
                    merged[head][d] = (found.sums[b][p][e / 2][e % 2 * 2 + h] - found.off[b][h]) * found.unit[b];
                }
            }

            merged[head][HEAD_DIM] = found.highest[h];
            merged[head][HEAD_DIM + 1] = total;
        }
    }
}

// The query's heads, rotated, as float16, with the sum of each block.
__device__ __forceinline__ void prepare(
    const Element* query, int heads, float scale, unsigned short (&elements)[HEADS][BLOCKS * BLOCK], float (&sums)[HEADS][BLOCKS])
{
    for (int at = threadIdx.x; at / 32 * 32 < heads * HEAD_LANES; at += THREADS)
    {
        const int head = at / HEAD_LANES, first = at % HEAD_LANES * PER;
        float x[PER], sum = 0;
        #pragma unroll
        for (int n = 0; n < PER; n++) { x[n] = head < heads && first + n < HEAD_DIM ? widen(query[head * HEAD_DIM + first + n]) : 0; }
        rotate(x);
        #pragma unroll
        for (int n = 0; n < PER; n++)
        {
            const unsigned short element = toHalf(x[n] * scale);
            sum += ofHalf(element);
            if (head < heads && first + n < BLOCKS * BLOCK) { elements[head][first + n] = element; }
        }

        sum = overBlock(sum, [](float a, float b) { return a + b; });
        if (head < heads && first < BLOCKS * BLOCK && first % BLOCK == 0) { sums[head][first / BLOCK] = sum; }
    }
}

__device__ __forceinline__ void load(
    int heads, const unsigned short (&elements)[HEADS][BLOCKS * BLOCK], const float (&sums)[HEADS][BLOCKS], Query& query)
{
    const int row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        #pragma unroll
        for (int p = 0; p < KEY_WORDS; p++)
        {
            const int word = column * KEY_WORDS + p;
            uint4 four = make_uint4(0, 0, 0, 0);
            if (row < heads && word < WORDS) { four = *(const uint4*)&elements[row][b * BLOCK + word * 8]; }
            query.elements[b][p][0] = four.x;
            query.elements[b][p][1] = four.y;
            query.elements[b][p][2] = four.z;
            query.elements[b][p][3] = four.w;
        }

        #pragma unroll
        for (int h = 0; h < 2; h++) { query.sums[b][h] = column * 2 + h < heads ? sums[column * 2 + h][b] : 0; }
    }
}

// Some heads' attended values, rotated back.
__device__ __forceinline__ void finish(const float (&results)[HEADS][RECORD], int heads, Element* output)
{
    __syncthreads();
    for (int at = threadIdx.x; at / 32 * 32 < heads * HEAD_LANES; at += THREADS)
    {
        const int head = at / HEAD_LANES, first = at % HEAD_LANES * PER;
        float x[PER];
        #pragma unroll
        for (int n = 0; n < PER; n++) { x[n] = head < heads && first + n < HEAD_DIM ? results[head][first + n] : 0; }
        rotate(x);
        #pragma unroll
        for (int n = 0; n < PER; n++)
        {
            if (head < heads && first + n < HEAD_DIM) { output[head * HEAD_DIM + first + n] = narrow(x[n] * rotationFactor()); }
        }
    }

    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(THREADS) decode_attention(
    const Element* query, long long queryStride,
    const unsigned char* newKeys, const unsigned char* newValues, long long newStride,
    unsigned char* keys, unsigned char* values, int slots,
    Element* output, long long outputStride,
    const int2* sequences,  // slot; tokens with the new one
    float* partials,        // [sequences * KV_HEADS, chunks, GROUP, HEAD_DIM + 2]
    unsigned* arrived,      // [sequences * KV_HEADS], zero before and after
    int window, float scale)
{
    __shared__ float merged[WARPS][HEADS][RECORD], querySums[HEADS][BLOCKS];
    __shared__ __align__(16) unsigned short queryElements[HEADS][BLOCKS * BLOCK];
    const int sequence = blockIdx.x / KV_HEADS, head = blockIdx.x % KV_HEADS;
    const int slot = sequences[sequence].x, length = sequences[sequence].y;
    const int first = max(0, length - window);
    const int begin = max(first, (int)blockIdx.y * CHUNK), end = min(length, (int)(blockIdx.y + 1) * CHUNK);
    if (begin >= end) { return; }

    const long long stride = (long long)slots * ROW_BYTES, place = (long long)slot * ROW_BYTES;
    newKeys += sequence * newStride;
    newValues += sequence * newStride;
    query += sequence * queryStride + head * GROUP * HEAD_DIM;
    output += sequence * outputStride + head * GROUP * HEAD_DIM;
    const Rows rows = { keys + place, values + place, newKeys, newValues, stride, begin, end, length - 1 };
    const Chunks chunks = chunksOf(first, length, partials, GROUP);
    const auto keep = [&](int g, int d, float x) { merged[0][g][d] = x; };

    for (int pass = 0; pass < GROUP; pass += HEADS)
    {
        const int heads = min(HEADS, GROUP - pass);
        const int firstToken = blockIdx.y * CHUNK + threadIdx.x / 32 * STEP;
        Tile tiles[TILES], next[TILES];
        #pragma unroll
        for (int i = 0; i < TILES; i++) { load(rows, head, firstToken + i * 16, tiles[i]); }
        prepare(query + pass * HEAD_DIM, heads, scale * 1.4426950408889634f * rotationFactor(), queryElements, querySums);
        __syncthreads();
        Query part;
        load(heads, queryElements, querySums, part);

        Found found = {};
        found.highest[0] = found.highest[1] = LOWEST;
        #pragma unroll
        for (int step = 0; step < STEPS; step++)
        {
            const int t = firstToken + step * WARPS * STEP;
            if (step + 1 < STEPS)
            {
                #pragma unroll
                for (int i = 0; i < TILES; i++) { load(rows, head, t + WARPS * STEP + i * 16, next[i]); }
            }

            attend(rows, t, part, tiles, found);
            if (step + 1 < STEPS)
            {
                #pragma unroll
                for (int i = 0; i < TILES; i++) { tiles[i] = next[i]; }
            }
        }

        write(found, merged[threadIdx.x / 32]);
        mergeWarps(merged, chunks, pass, heads, keep);
        if (chunks.count == 1)
        {
            finish(merged[0], heads, output + pass * HEAD_DIM);
        }
        else if (GROUP > HEADS)
        {
            __syncthreads();
        }
    }

    if (end == length)
    {
        const long long at = (length - 1) * stride + place;
        for (int n = threadIdx.x; n < BLOCKS * (WORDS + 1); n += THREADS)
        {
            const int word = n < BLOCKS * WORDS ? head * BLOCKS * WORDS + n : WORD_BYTES / 4 + head * BLOCKS + n - BLOCKS * WORDS;
            ((unsigned*)(keys + at))[word] = ((const unsigned*)newKeys)[word];
            ((unsigned*)(values + at))[word] = ((const unsigned*)newValues)[word];
        }
    }

    if (chunks.count == 1 || !arriveLast(arrived, chunks.count)) { return; }
    for (int pass = 0; pass < GROUP; pass += HEADS)
    {
        const int heads = min(HEADS, GROUP - pass);
        mergeChunks(chunks, pass, heads, keep);
        finish(merged[0], heads, output + pass * HEAD_DIM);
    }
}
