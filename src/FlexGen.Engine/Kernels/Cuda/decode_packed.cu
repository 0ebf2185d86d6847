// softmax(q K^T scale) V for one new token of each sequence, over a KV cache in 4 bits, to which it is added on the way: what
// decode_attention.cu does, for rows of packed_rows.cuh. A block has some neighbouring key heads, one for each warp, and one chunk of tokens,
// which it brings to shared memory in stages, ahead of their use: whole sectors, and few requests. Tensor cores multiply the numbers as they
// are, up to 8 query heads at once: q . k = scale (sum q_i k_i - zero sum q_i), once a block of a head; for values the weights have the scale,
// and their sum times zero goes off at the end. A number n is 64 + n in float16, without a conversion: 0x5400, and the number 4 bits up.
//
// Compiled with: GROUP (query heads of a key head), WARPS (key heads of a block), STAGES, CHUNK (tokens, a multiple of 16), UNIT (bytes of one
// copy), RESIDENT (blocks of a multiprocessor at once), and those of packed_rows.cuh.

#include "packed_rows.cuh"
#include "decode_merge.cuh"
#include "half_tensor_cores.cuh"
#include "packed_stages.cuh"
#include "packed_attend.cuh"

#define RECORD_BYTES (WARPS * HEADS * RECORD * 4)
#define SHARED_BYTES (STAGES * STAGE_BYTES > RECORD_BYTES ? STAGES * STAGE_BYTES : RECORD_BYTES)

// Heads that shared memory has room for in the end.
#define RESULTS (SHARED_BYTES / (RECORD * 4))

// What a thread loads of a warp's query heads.
#define QUERIES ((HEADS * HEAD_LANES + 31) / 32)

// What a warp has found in its chunk, of some heads: as records, or, where there is no other chunk, as the result.
__device__ __forceinline__ void write(Found& found, int heads, bool whole, float (*records)[RECORD])
{
    const Place place = placeOf();
    const auto plus = [](float a, float b) { return a + b; };
    #pragma unroll
    for (int h = 0; h < COLUMNS; h++)
    {
        const int head = place.column * 2 + h;
        const float total = overRows(found.total[h], plus), factor = whole ? found.unit / total : found.unit;
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++)
        {
            const float off = overRows(found.off[b][h], plus);
            #pragma unroll
            for (int n = 0; n < VALUE_WORDS * 4; n++)
            {
                const int word = n / 4 * 8 + place.row, d = b * BLOCK + word * 8 + n % 4 * 2;
                const float (&two)[4] = found.sums[b][n / 4][n % 4];
                if (head >= heads || word >= WORDS) { continue; }
#if HEAD_DIM % 2 == 0
                if (d < HEAD_DIM) { *(float2*)&records[head][d] = { (two[h] - off) * factor, (two[2 + h] - off) * factor }; }
#else
                if (d < HEAD_DIM) { records[head][d] = (two[h] - off) * factor; }
                if (d + 1 < HEAD_DIM) { records[head][d + 1] = (two[2 + h] - off) * factor; }
#endif
            }
        }

        if (head < heads && place.row == 0)
        {
            records[head][HEAD_DIM] = found.highest[h];
            records[head][HEAD_DIM + 1] = total;
        }
    }
}

__device__ __forceinline__ bool isWide(const Element* heads) { return (((unsigned long long)heads | HEAD_DIM * sizeof(Element)) & 15) == 0; }

// Begins to load a warp's query heads.
__device__ __forceinline__ void fetch(const Element* query, int heads, Elements (&fetched)[QUERIES])
{
    #pragma unroll
    for (int n = 0; n < QUERIES; n++)
    {
        const int at = n * 32 + threadIdx.x % 32, head = at / HEAD_LANES;
        fetched[n] = load(query + head * HEAD_DIM, head < heads ? at % HEAD_LANES * PER : HEAD_DIM, isWide(query));
    }
}

// A warp's query heads, rotated, as float16, by way of shared memory.
__device__ __forceinline__ void prepare(const Elements (&fetched)[QUERIES], int heads, float scale, unsigned char* shared, Query& result)
{
    unsigned short (*elements)[BLOCKS * BLOCK] = (unsigned short (*)[BLOCKS * BLOCK])(shared) + threadIdx.x / 32 * HEADS;
    float (*sums)[BLOCKS] = (float (*)[BLOCKS])(shared + WARPS * HEADS * BLOCKS * BLOCK * 2) + threadIdx.x / 32 * HEADS;
    #pragma unroll
    for (int i = 0; i < QUERIES; i++)
    {
        const int at = i * 32 + threadIdx.x % 32, head = at / HEAD_LANES, first = at % HEAD_LANES * PER;
        float x[PER], sum = 0;
        fetched[i].widened(x);
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
__device__ __forceinline__ void finish(const float (*results)[RECORD], int heads, Element* output)
{
    __syncthreads();
    for (int warp = threadIdx.x / 32 * 32; warp < heads * HEAD_LANES; warp += THREADS)
    {
        const int at = warp + threadIdx.x % 32, head = at / HEAD_LANES, first = at % HEAD_LANES * PER;
        float x[PER];
        #pragma unroll
        for (int n = 0; n < PER; n++) { x[n] = head < heads && first + n < HEAD_DIM ? results[head][first + n] : 0; }
        rotate(x);
        Elements elements;
        #pragma unroll
        for (int n = 0; n < PER; n++) { elements.at[n] = narrow(x[n] * rotationFactor()); }
        if (head < heads) { store(elements, output + head * HEAD_DIM, first, isWide(output)); }
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
    extern __shared__ __align__(16) unsigned char shared[];
    const int sequence = blockIdx.x / (KV_HEADS / WARPS), firstHead = blockIdx.x % (KV_HEADS / WARPS) * WARPS, warp = threadIdx.x / 32;
    const int slot = sequences[sequence].x, length = sequences[sequence].y;
    const Chunks chunks = chunksOf(length, window, partials, WARPS * GROUP);
    const int begin = chunks.begin, end = chunks.end;
    if (begin >= end) { return; }

    const long long stride = (long long)slots * ROW_BYTES, place = (long long)slot * ROW_BYTES;
    newKeys += sequence * newStride;
    newValues += sequence * newStride;
    query += sequence * queryStride + firstHead * GROUP * HEAD_DIM;
    output += sequence * outputStride + firstHead * GROUP * HEAD_DIM;
    const bool whole = chunks.count == 1 && GROUP <= HEADS;
    const int first = begin / STEP * STEP, steps = (end - first + STEP - 1) / STEP;
    Rows rows = { newKeys, newValues, {}, stride, values - keys, firstHead, begin, end, length - 1, 0 };
    for (int pass = 0; pass < GROUP; pass += HEADS)
    {
        const int heads = GROUP % HEADS == 0 ? HEADS : min(HEADS, GROUP - pass);
        Elements fetched[QUERIES];
        fetch(query + (warp * GROUP + pass) * HEAD_DIM, heads, fetched);
        rows.start(keys + place, first);
        #pragma unroll 1
        for (int n = 0; n < STAGES - 1; n++)
        {
            if (n < steps) { rows.bring(shared + n * STAGE_BYTES); }
            commit();
        }

        // The last stage's room is the query's until the first tokens are attended to.
        Query part;
        prepare(fetched, heads, scale * 1.4426950408889634f * rotationFactor(), shared + (STAGES - 1) * STAGE_BYTES, part);
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
        write(found, heads, whole, (float (*)[RECORD])(whole ? (float*)shared : chunks.mine) + warp * GROUP + pass);
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

    float (*results)[RECORD] = (float (*)[RECORD])shared;
    if (whole)
    {
        finish(results, WARPS * GROUP, output);
        return;
    }

    __syncthreads();
    if (chunks.count > 1 && !arriveLast(arrived, chunks.count)) { return; }
    for (int head = 0; head < WARPS * GROUP; head += RESULTS)
    {
        const int heads = min(RESULTS, WARPS * GROUP - head);
        mergeChunks<(GROUP < 4 ? GROUP : 4)>(chunks, head, heads, [&](int g, int d, float x) { results[g][d] = x; });
        finish(results, heads, output + head * HEAD_DIM);
    }
}
