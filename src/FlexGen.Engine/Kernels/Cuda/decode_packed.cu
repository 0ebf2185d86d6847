// softmax(q K^T scale) V for one new token of each sequence, over a KV cache in 4 bits, to which it is added on the way: what
// decode_attention.cu does, for rows of packed_rows.cuh. A block has some neighbouring key heads, one for each warp, and one chunk of tokens,
// which it brings to shared memory in stages, ahead of their use: whole sectors, and few requests. Tensor cores multiply the numbers as they
// are, up to 8 query heads at once: q . k = scale (sum q_i k_i - zero sum q_i), once a block of a head; for values the weights have the scale,
// and their sum times zero goes off at the end. A number n is 64 + n in float16, without a conversion: 0x5400, and the number 4 bits up.
//
// Compiled with: GROUP (query heads of a key head), WARPS (key heads of a block), TILES (of 16 tokens, of a stage), STAGES, CHUNK (tokens),
// UNIT (bytes of one copy), RESIDENT (blocks of a multiprocessor at once), and those of packed_rows.cuh.

#include "packed_rows.cuh"
#include "decode_merge.cuh"
#include "half_tensor_cores.cuh"

#define HEADS (GROUP < 8 ? GROUP : 8)
#define COLUMNS (HEADS > 1 ? 2 : 1)
#define KEY_WORDS ((WORDS + 3) / 4)
#define VALUE_WORDS ((WORDS + 7) / 8)
#define OFFSET 64.0f
#define SCORE_LAG 8.0f
#define UNIT_LAG 8.0f

// In shared memory a token has the words of the block's heads, then their pairs; a stage has its tokens' keys, then their values.
#define STEP (TILES * 16)
#define WORD_UNITS (WARPS * BLOCKS * WORDS * 4 / UNIT)
#define UNITS (WORD_UNITS + WARPS * BLOCKS * 4 / UNIT)
#define TOKEN_BYTES (UNITS * UNIT)
// What a thread copies of a stage's keys, and of its values.
#define COPIES ((STEP * UNITS + THREADS - 1) / THREADS)
#define STAGE_BYTES (2 * STEP * TOKEN_BYTES)
#define RECORD_BYTES (WARPS * HEADS * RECORD * 4)
#define SHARED_BYTES (STAGES * STAGE_BYTES > RECORD_BYTES ? STAGES * STAGE_BYTES : RECORD_BYTES)

// Heads that shared memory has room for in the end.
#define RESULTS (SHARED_BYTES / (HEAD_DIM * 4))

#if UNIT == 16
typedef uint4 Unit;
#elif UNIT == 8
typedef uint2 Unit;
#else
typedef unsigned Unit;
#endif

// The token of a row, and of 8 further the one 8 further: such that what a warp reads at once is in different banks.
__device__ __forceinline__ int tokenOf(int row) { return row % 2 == 0 ? row / 2 : (row / 2 + 2) % 4 + 4; }

// Begins to bring a unit, or zeros in its place.
__device__ __forceinline__ void copy(unsigned char* to, const unsigned char* from, bool here)
{
#if __CUDA_ARCH__ >= 800
    const unsigned address = (unsigned)__cvta_generic_to_shared(to), bytes = here ? UNIT : 0;
#if UNIT == 16
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(address), "l"(from), "r"(bytes) : "memory");
#else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" :: "r"(address), "l"(from), "r"(bytes), "n"(UNIT) : "memory");
#endif
#else
    *(Unit*)to = here ? *(const Unit*)from : Unit();
#endif
}

// The bytes of a unit in a row.
__device__ __forceinline__ int offsetOf(int unit, int firstHead)
{
    return unit < WORD_UNITS ? firstHead * BLOCKS * WORDS * 4 + unit * UNIT : WORD_BYTES + firstHead * BLOCKS * 4 + (unit - WORD_UNITS) * UNIT;
}

// Where the block's tokens are, and what a thread copies of each stage.
struct Rows
{
    const unsigned char *newKeys, *newValues, *keys[COPIES];
    long long stride, toValues;
    int firstHead, begin, end, newest, token[COPIES];

    __device__ __forceinline__ bool has(int t) const { return (unsigned)(t - begin) < (unsigned)(end - begin); }

    // Begins at the first token.
    __device__ __forceinline__ void start(const unsigned char* slab, int first)
    {
        #pragma unroll
        for (int n = 0; n < COPIES; n++)
        {
            const int at = n * THREADS + threadIdx.x;
            token[n] = first + at / UNITS;
            keys[n] = slab + token[n] * stride + offsetOf(at % UNITS, firstHead);
        }
    }

    // Begins to bring the next stage.
    __device__ __forceinline__ void bring(unsigned char* stage)
    {
        #pragma unroll
        for (int n = 0; n < COPIES; n++)
        {
            const int at = n * THREADS + threadIdx.x;
            if (at < STEP * UNITS)
            {
                const unsigned char *key = keys[n], *value = key + toValues;
                if (token[n] == newest)
                {
                    const int offset = offsetOf(at % UNITS, firstHead);
                    key = newKeys + offset;
                    value = newValues + offset;
                }

                copy(stage + at * UNIT, key, has(token[n]));
                copy(stage + (STEP * UNITS + at) * UNIT, value, has(token[n]));
            }

            keys[n] += STEP * stride;
            token[n] += STEP;
        }
    }
};

__device__ __forceinline__ void commit()
{
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Until all but the latest stages are here.
template <int latest>
__device__ __forceinline__ void await()
{
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" :: "n"(latest) : "memory");
#endif
}

// Two numbers of a word, 16 bits apart, as float16: 64 + n.
template <int at>
__device__ __forceinline__ unsigned numbers(unsigned word)
{
    unsigned both;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(both) : "r"(at == 0 ? word << 4 : word >> (at * 4 - 4)), "n"(0x00f000f0), "n"(0x54005400));
    return both;
}

__device__ __forceinline__ float powerOfTwo(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Of a power of two.
__device__ __forceinline__ float inverse(float x) { return __uint_as_float(0x7f000000 - __float_as_uint(x)); }

// What a warp has found so far, of the columns' heads. Its sums, and what is to go off them, are in units: powers of two that keep weights
// within float16.
struct Found
{
    float sums[BLOCKS][VALUE_WORDS][4][4], off[BLOCKS][COLUMNS], unit, highest[COLUMNS], total[COLUMNS];
};

struct Query
{
    unsigned elements[BLOCKS][KEY_WORDS][4];
    float sums[BLOCKS][COLUMNS];
};

// Scales and zeros of the tokens of a thread's two rows.
__device__ __forceinline__ void loadPairs(const unsigned char* tokens, unsigned (&pairs)[BLOCKS][2])
{
    #pragma unroll
    for (int r = 0; r < 2; r++)
    {
        const unsigned* at = (const unsigned*)(tokens + (tokenOf(placeOf().row) + r * 8) * TOKEN_BYTES + WORD_UNITS * UNIT) + threadIdx.x / 32 * BLOCKS;
#if BLOCKS % 2 == 0
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
}

// The scores of 16 tokens.
__device__ __forceinline__ void score(const unsigned char* tokens, const Query& query, float (&scores)[2][COLUMNS])
{
    const Place place = placeOf();
    unsigned pairs[BLOCKS][2];
    loadPairs(tokens, pairs);
    #pragma unroll
    for (int n = 0; n < 2 * COLUMNS; n++) { scores[n / COLUMNS][n % COLUMNS] = 0; }
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        unsigned words[2][KEY_WORDS];
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const unsigned* at = (const unsigned*)(tokens + (tokenOf(place.row) + r * 8) * TOKEN_BYTES)
                + (threadIdx.x / 32 * BLOCKS + b) * WORDS + place.column * KEY_WORDS;
#if WORDS == 8 && WARPS * BLOCKS % 2 == 0
            const uint2 two = *(const uint2*)at;
            words[r][0] = two.x;
            words[r][1] = two.y;
#else
            #pragma unroll
            for (int p = 0; p < KEY_WORDS; p++) { words[r][p] = place.column * KEY_WORDS + p < WORDS ? at[p] : 0; }
#endif
        }

        float products[4] = { 0, 0, 0, 0 };
        #pragma unroll
        for (int p = 0; p < KEY_WORDS; p++)
        {
            const unsigned one = words[0][p], other = words[1][p], (&q)[4] = query.elements[b][p];
            multiply(products, numbers<0>(one), numbers<0>(other), numbers<1>(one), numbers<1>(other), q[0], q[1]);
            multiply(products, numbers<2>(one), numbers<2>(other), numbers<3>(one), numbers<3>(other), q[2], q[3]);
        }

        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const float scale = low(pairs[b][r]), zero = OFFSET + high(pairs[b][r]);
            #pragma unroll
            for (int h = 0; h < COLUMNS; h++) { scores[r][h] += scale * (products[r * 2 + h] - zero * query.sums[b][h]); }
        }
    }
}

// Adds 16 tokens' values, by their weights.
__device__ __forceinline__ void add(const unsigned char* tokens, const unsigned (&pairs)[BLOCKS][2], const float (&weights)[2][COLUMNS], Found& found)
{
    const Place place = placeOf();
    const float toUnits = inverse(found.unit);
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        unsigned scaled[2];
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const float scale = low(pairs[b][r]) * toUnits, zero = OFFSET + high(pairs[b][r]);
            scaled[r] = halves(weights[r][0] * scale, COLUMNS > 1 ? weights[r][COLUMNS - 1] * scale : 0);
            #pragma unroll
            for (int h = 0; h < COLUMNS; h++) { found.off[b][h] += (h == 0 ? low(scaled[r]) : high(scaled[r])) * zero; }
            scaled[r] = transpose(scaled[r]);
        }

        #pragma unroll
        for (int p = 0; p < VALUE_WORDS; p++)
        {
            unsigned words[4];
            #pragma unroll
            for (int r = 0; r < 4; r++)
            {
                const int token = tokenOf(place.column * 2 + r % 2) + r / 2 * 8, word = p * 8 + place.row;
                words[r] = word < WORDS ? ((const unsigned*)(tokens + token * TOKEN_BYTES))[(threadIdx.x / 32 * BLOCKS + b) * WORDS + word] : 0;
            }

            // The numbers of two tokens beside each other: of a word's even elements, then of its odd ones.
            const unsigned even = __byte_perm(words[0], words[1], 0x5410), odd = __byte_perm(words[0], words[1], 0x7632);
            const unsigned laterEven = __byte_perm(words[2], words[3], 0x5410), laterOdd = __byte_perm(words[2], words[3], 0x7632);
            float (&sums)[4][4] = found.sums[b][p];
            multiply(sums[0], numbers<0>(even), numbers<0>(odd), numbers<0>(laterEven), numbers<0>(laterOdd), scaled[0], scaled[1]);
            multiply(sums[1], numbers<1>(even), numbers<1>(odd), numbers<1>(laterEven), numbers<1>(laterOdd), scaled[0], scaled[1]);
            multiply(sums[2], numbers<2>(even), numbers<2>(odd), numbers<2>(laterEven), numbers<2>(laterOdd), scaled[0], scaled[1]);
            multiply(sums[3], numbers<3>(even), numbers<3>(odd), numbers<3>(laterEven), numbers<3>(laterOdd), scaled[0], scaled[1]);
        }
    }
}

// Attends to a stage's tokens, of which one at least is the sequence's.
__device__ __forceinline__ void attend(const Rows& rows, int first, const unsigned char* stage, const Query& query, Found& found)
{
    float weights[TILES][2][COLUMNS], higher[COLUMNS], fade[COLUMNS];
    unsigned pairs[TILES][BLOCKS][2], scale = 1;
    #pragma unroll
    for (int h = 0; h < COLUMNS; h++) { higher[h] = found.highest[h]; }
    #pragma unroll
    for (int i = 0; i < TILES; i++)
    {
        score(stage + i * 16 * TOKEN_BYTES, query, weights[i]);
        loadPairs(stage + (STEP + i * 16) * TOKEN_BYTES, pairs[i]);
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            #pragma unroll
            for (int b = 0; b < BLOCKS; b++) { scale = max(scale, pairs[i][b][r] & 0xffff); }
            if (!rows.has(first + i * 16 + tokenOf(placeOf().row) + r * 8))
            {
                #pragma unroll
                for (int h = 0; h < COLUMNS; h++) { weights[i][r][h] = LOWEST; }
            }

            #pragma unroll
            for (int h = 0; h < COLUMNS; h++) { higher[h] = fmaxf(higher[h], weights[i][r][h]); }
        }
    }

    // The greatest power of two that is not above the greatest scale. It and the highest score may lag behind, as far as float16 allows.
    const float unit = __uint_as_float(__float_as_uint(ofHalf((unsigned short)greatestOf(scale))) & 0x7f800000);
    bool grown = unit > found.unit * UNIT_LAG;
    #pragma unroll
    for (int h = 0; h < COLUMNS; h++)
    {
        higher[h] = overRows(higher[h], [](float a, float b) { return fmaxf(a, b); });
        grown |= higher[h] > found.highest[h] + SCORE_LAG;
    }

    if (__any_sync(0xffffffff, grown))
    {
        const float larger = fmaxf(found.unit, unit);
        #pragma unroll
        for (int h = 0; h < COLUMNS; h++)
        {
            fade[h] = powerOfTwo(found.highest[h] - higher[h]);
            found.total[h] *= fade[h];
            found.highest[h] = higher[h];
            fade[h] *= found.unit * inverse(larger);
            #pragma unroll
            for (int b = 0; b < BLOCKS; b++)
            {
                found.off[b][h] *= fade[h];
                #pragma unroll
                for (int n = 0; n < VALUE_WORDS * 8; n++) { found.sums[b][n / 8][n / 2 % 4][n % 2 * 2 + h] *= fade[h]; }
            }
        }

        found.unit = larger;
    }

    #pragma unroll
    for (int i = 0; i < TILES; i++)
    {
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            #pragma unroll
            for (int h = 0; h < COLUMNS; h++)
            {
                weights[i][r][h] = powerOfTwo(weights[i][r][h] - found.highest[h]);
                found.total[h] += weights[i][r][h];
            }
        }

        add(stage + (STEP + i * 16) * TOKEN_BYTES, pairs[i], weights[i], found);
    }
}

// What a warp has found in its chunk, of some heads, by way of shared memory.
__device__ __forceinline__ void write(Found& found, int heads, unsigned char* shared, float* records)
{
    const Place place = placeOf();
    float (*merged)[RECORD] = (float (*)[RECORD])shared + threadIdx.x / 32 * HEADS;
    const auto plus = [](float a, float b) { return a + b; };
    #pragma unroll
    for (int h = 0; h < COLUMNS; h++)
    {
        const int head = place.column * 2 + h;
        const float total = overRows(found.total[h], plus);
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++)
        {
            const float off = overRows(found.off[b][h], plus);
            #pragma unroll
            for (int n = 0; n < VALUE_WORDS * 8; n++)
            {
                const int p = n / 8, e = n % 8, d = b * BLOCK + (p * 8 + place.row) * 8 + e;
                if (head < heads && p * 8 + place.row < WORDS && d < HEAD_DIM)
                {
                    merged[head][d] = (found.sums[b][p][e / 2][e % 2 * 2 + h] - off) * found.unit;
                }
            }
        }

        if (head < heads && place.row == 0)
        {
            merged[head][HEAD_DIM] = found.highest[h];
            merged[head][HEAD_DIM + 1] = total;
        }
    }

    __syncwarp();
    for (int n = threadIdx.x % 32; n < heads * RECORD; n += 32) { records[n] = merged[0][n]; }
}

// A warp's query heads, rotated, as float16, by way of shared memory.
__device__ __forceinline__ void prepare(const Element* query, int heads, float scale, unsigned char* shared, Query& result)
{
    unsigned short (*elements)[BLOCKS * BLOCK] = (unsigned short (*)[BLOCKS * BLOCK])(shared) + threadIdx.x / 32 * HEADS;
    float (*sums)[BLOCKS] = (float (*)[BLOCKS])(shared + WARPS * HEADS * BLOCKS * BLOCK * 2) + threadIdx.x / 32 * HEADS;
    for (int warp = 0; warp < heads * HEAD_LANES; warp += 32)
    {
        const int at = warp + threadIdx.x % 32, head = at / HEAD_LANES, first = at % HEAD_LANES * PER;
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

    __syncwarp();
    const Place place = placeOf();
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        #pragma unroll
        for (int p = 0; p < KEY_WORDS; p++)
        {
            const int word = place.column * KEY_WORDS + p;
            uint4 four = make_uint4(0, 0, 0, 0);
            if (place.row < heads && word < WORDS) { four = *(const uint4*)&elements[place.row][b * BLOCK + word * 8]; }
            result.elements[b][p][0] = four.x;
            result.elements[b][p][1] = four.y;
            result.elements[b][p][2] = four.z;
            result.elements[b][p][3] = four.w;
        }

        #pragma unroll
        for (int h = 0; h < COLUMNS; h++) { result.sums[b][h] = place.column * 2 + h < heads ? sums[place.column * 2 + h][b] : 0; }
    }
}

// Some heads' attended values, rotated back.
__device__ __forceinline__ void finish(const float (*results)[HEAD_DIM], int heads, Element* output)
{
    __syncthreads();
    for (int warp = threadIdx.x / 32 * 32; warp < heads * HEAD_LANES; warp += THREADS)
    {
        const int at = warp + threadIdx.x % 32, head = at / HEAD_LANES, first = at % HEAD_LANES * PER;
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

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) decode_attention(
    const Element* query, long long queryStride,
    const unsigned char* newKeys, const unsigned char* newValues, long long newStride,
    unsigned char* keys, unsigned char* values, int slots,
    Element* output, long long outputStride,
    const int2* sequences,  // slot; tokens with the new one
    float* partials,        // [sequences * KV_HEADS / WARPS, chunks, WARPS * GROUP, HEAD_DIM + 2]
    unsigned* arrived,      // [sequences * KV_HEADS / WARPS], zero before and after
    int window, float scale)
{
    __shared__ __align__(16) unsigned char shared[SHARED_BYTES];
    const int sequence = blockIdx.x / (KV_HEADS / WARPS), firstHead = blockIdx.x % (KV_HEADS / WARPS) * WARPS, warp = threadIdx.x / 32;
    const int slot = sequences[sequence].x, length = sequences[sequence].y;
    const int firstToken = max(0, length - window), chunk = blockIdx.y * CHUNK;
    const int begin = max(firstToken, chunk), end = min(length, chunk + CHUNK);
    if (begin >= end) { return; }

    const long long stride = (long long)slots * ROW_BYTES, place = (long long)slot * ROW_BYTES;
    newKeys += sequence * newStride;
    newValues += sequence * newStride;
    query += sequence * queryStride + firstHead * GROUP * HEAD_DIM;
    output += sequence * outputStride + firstHead * GROUP * HEAD_DIM;
    const Chunks chunks = chunksOf(firstToken, length, partials, WARPS * GROUP);
    const int first = chunk + (begin - chunk) / STEP * STEP, steps = (end - first + STEP - 1) / STEP;
    Rows rows = { newKeys, newValues, {}, stride, values - keys, firstHead, begin, end, length - 1, {} };
    for (int pass = 0; pass < GROUP; pass += HEADS)
    {
        const int heads = GROUP % HEADS == 0 ? HEADS : min(HEADS, GROUP - pass);
        rows.start(keys + place, first);
        #pragma unroll
        for (int n = 0; n < STAGES - 1; n++)
        {
            if (n < steps) { rows.bring(shared + n * STAGE_BYTES); }
            commit();
        }

        // The last stage's room is the query's until the first tokens are attended to.
        Query part;
        prepare(query + (warp * GROUP + pass) * HEAD_DIM, heads, scale * 1.4426950408889634f * rotationFactor(), shared + (STAGES - 1) * STAGE_BYTES, part);
        Found found = {};
        #pragma unroll
        for (int h = 0; h < COLUMNS; h++) { found.highest[h] = LOWEST; }
        int stage = 0, free = STAGES - 1;
        #pragma unroll 1
        for (int n = 0; n < steps; n++)
        {
            await<STAGES - 2>();
            __syncthreads();
            if (n + STAGES - 1 < steps) { rows.bring(shared + free * STAGE_BYTES); }
            commit();
            attend(rows, first + n * STEP, shared + stage * STAGE_BYTES, part, found);
            free = stage;
            stage = stage + 1 < STAGES ? stage + 1 : 0;
        }

        __syncthreads();
        write(found, heads, shared, chunks.mine + (warp * GROUP + pass) * RECORD);
        __syncthreads();
    }

    if (end == length)
    {
        const long long at = (length - 1) * stride + place;
        for (int n = threadIdx.x; n < WARPS * BLOCKS * (WORDS + 1); n += THREADS)
        {
            const int words = WARPS * BLOCKS * WORDS;
            const int word = n < words ? firstHead * BLOCKS * WORDS + n : WORD_BYTES / 4 + firstHead * BLOCKS + n - words;
            ((unsigned*)(keys + at))[word] = ((const unsigned*)newKeys)[word];
            ((unsigned*)(values + at))[word] = ((const unsigned*)newValues)[word];
        }
    }

    if (chunks.count > 1 && !arriveLast(arrived, chunks.count)) { return; }
    float (*results)[HEAD_DIM] = (float (*)[HEAD_DIM])shared;
    for (int head = 0; head < WARPS * GROUP; head += RESULTS)
    {
        const int heads = min(RESULTS, WARPS * GROUP - head);
        mergeChunks(chunks, head, heads, [&](int g, int d, float x) { results[g][d] = x; });
        finish(results, heads, output + head * HEAD_DIM);
    }
}
