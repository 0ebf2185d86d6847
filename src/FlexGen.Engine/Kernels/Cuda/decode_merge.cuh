// How a sequence's head is put together from warps and chunks. A sum of values is with the highest score and the sum of the weights,
// behind its HEAD_DIM elements.

#define THREADS (WARPS * 32)
#define RECORD (HEAD_DIM + 2)
#define LOWEST (-1e30f)

// The chunks that a sequence is attended in, of which this block has one.
struct Chunks
{
    int count, heads;
    const float* first;     // [count, heads, RECORD]
    float* mine;            // [heads, RECORD]
};

__device__ Chunks chunksOf(int firstToken, int length, float* partials, int heads)
{
    const int firstChunk = firstToken / CHUNK, stride = heads * RECORD;
    float* all = partials + (long long)blockIdx.x * gridDim.y * stride;
    return { (length - 1) / CHUNK - firstChunk + 1, heads, all + (long long)firstChunk * stride, all + (long long)blockIdx.y * stride };
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

// Of some heads what the block's warps have: the result where this is the only chunk, otherwise this chunk's part.
template <int heads, typename Put>
__device__ void mergeWarps(float (&merged)[WARPS][heads][RECORD], const Chunks& chunks, int firstHead, int count, Put put)
{
    __syncthreads();
    for (int n = threadIdx.x; n < count * HEAD_DIM; n += THREADS)
    {
        const int g = n / HEAD_DIM, d = n % HEAD_DIM;
        float highest, sum, total;
        merge([&](int w, int at) { return merged[w][g][at]; }, WARPS, d, highest, sum, total);
        if (chunks.count == 1)
        {
            put(g, d, sum / total);
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

// Of some heads what the chunks have, in their order.
template <typename Put>
__device__ void mergeChunks(const Chunks& chunks, int firstHead, int count, Put put)
{
    for (int n = threadIdx.x; n < count * HEAD_DIM; n += THREADS)
    {
        const int g = n / HEAD_DIM, d = n % HEAD_DIM;
        const float* parts = chunks.first + (firstHead + g) * RECORD;
        float highest, sum, total;
        merge([&](int c, int at) { return __ldcg(parts + c * chunks.heads * RECORD + at); }, chunks.count, d, highest, sum, total);
        put(g, d, sum / total);
    }
}
