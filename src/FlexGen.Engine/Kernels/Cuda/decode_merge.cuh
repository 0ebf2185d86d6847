// How a sequence's head is put together from warps and chunks. A sum of values is with the highest score and the sum of the weights,
// behind its HEAD_DIM elements.

#define THREADS (WARPS * 32)
#define RECORD (HEAD_DIM + 2)
#define LOWEST (-1e30f)

// The chunks that a sequence is attended in, of which this block has one, or none: begin is end. A rest that is less than half a chunk
// belongs to the chunk before it.
struct Chunks
{
    int count, begin, end, heads;
    const float* first;     // [count, heads, RECORD]
    float* mine;            // [heads, RECORD]
};

__device__ Chunks chunksOf(int length, int window, float* partials, int heads)
{
    const int firstToken = max(0, length - window), last = max(1, (length + CHUNK / 2) / CHUNK) - 1, firstChunk = min(firstToken / CHUNK, last);
    const int at = blockIdx.y, begin = max(firstToken, at * CHUNK), end = at < last ? (at + 1) * CHUNK : at == last ? length : begin;
    const int stride = heads * RECORD;
    float* all = partials + (long long)blockIdx.x * gridDim.y * stride;
    return { last - firstChunk + 1, begin, max(begin, end), heads, all + (long long)firstChunk * stride, all + (long long)at * stride };
}

// One element of one head of some rows: the weighted sum, the highest score and the sum of the weights.
template <typename Row>
__device__ void merge(Row row, int rows, int d, float& highest, float& sum, float& total)
{
    highest = LOWEST;
    sum = total = 0;
    for (int n = 0; n < rows; n++) { highest = fmaxf(highest, row(n, HEAD_DIM)); }
    for (int n = 0; n < rows; n++)
    {
        const float fade = exp2f(row(n, HEAD_DIM) - highest);
        sum += row(n, d) * fade;
        total += row(n, HEAD_DIM + 1) * fade;
    }
}

// What the block's warps have of some heads, [WARPS, rows, RECORD]: the result where this is the only chunk, otherwise this chunk's part.
template <typename Put>
__device__ void mergeWarps(const float (*merged)[RECORD], int rows, int firstHead, int count, const Chunks& chunks, Put put)
{
    for (int n = threadIdx.x; n < count * HEAD_DIM; n += THREADS)
    {
        const int g = n / HEAD_DIM, d = n % HEAD_DIM;
        float highest, sum, total;
        merge([&](int w, int at) { return merged[w * rows + g][at]; }, WARPS, d, highest, sum, total);
        if (chunks.count == 1)
        {
            put(firstHead + g, d, sum / total);
        }
        else
        {
            float* mine = chunks.mine + (firstHead + g) * RECORD;
            mine[d] = sum;
            if (d == 0)
            {
                mine[HEAD_DIM] = highest;
                mine[HEAD_DIM + 1] = total;
            }
        }
    }
}

// Whether this block is the last of its sequence's head to have written its part.
__device__ bool arriveLast(unsigned* arrived, int count)
{
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0)
    {
        last = atomicAdd(&arrived[blockIdx.x], 1u) == count - 1;
        if (last) { arrived[blockIdx.x] = 0; }
    }

    __syncthreads();
    __threadfence();
    return last;
}

// Of some heads what the chunks have, in their order. A warp has so many heads at once, whose parts are on their way together.
template <int AtOnce, typename Put>
__device__ void mergeChunks(const Chunks& chunks, int firstHead, int count, Put put)
{
    const int lane = threadIdx.x % 32, width = (HEAD_DIM + 31) / 32;
    for (int head = threadIdx.x / 32 * AtOnce; head < count; head += WARPS * AtOnce)
    {
        float highest[AtOnce], total[AtOnce], sums[AtOnce][width];
        #pragma unroll
        for (int n = 0; n < AtOnce; n++)
        {
            highest[n] = LOWEST;
            total[n] = 0;
            #pragma unroll
            for (int e = 0; e < width; e++) { sums[n][e] = 0; }
        }

        #pragma unroll 2
        for (int c = 0; c < chunks.count; c++)
        {
            #pragma unroll
            for (int n = 0; n < AtOnce; n++)
            {
                const float* part = chunks.first + ((long long)c * chunks.heads + firstHead + min(head + n, count - 1)) * RECORD;
                const float best = __ldcg(part + HEAD_DIM), all = __ldcg(part + HEAD_DIM + 1), higher = fmaxf(highest[n], best);
                const float mine = exp2f(highest[n] - higher), its = exp2f(best - higher);
                highest[n] = higher;
                total[n] = total[n] * mine + all * its;
                #pragma unroll
                for (int e = 0; e < width; e++)
                {
                    const float element = e * 32 + lane < HEAD_DIM ? __ldcg(part + e * 32 + lane) : 0;
                    sums[n][e] = sums[n][e] * mine + element * its;
                }
            }
        }

        #pragma unroll
        for (int n = 0; n < AtOnce; n++)
        {
            const float share = 1 / total[n];
            #pragma unroll
            for (int e = 0; e < width; e++)
            {
                if (head + n < count && e * 32 + lane < HEAD_DIM) { put(head + n, e * 32 + lane, sums[n][e] * share); }
            }
        }
    }
}
