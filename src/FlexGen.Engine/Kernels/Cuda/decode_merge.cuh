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

// What a thread merges at once.
#if HEAD_DIM % 2 == 0
typedef float2 Elements;
#else
typedef float Elements;
#endif

// Of some heads what the chunks have, in their order.
template <typename Put>
__device__ void mergeChunks(const Chunks& chunks, int firstHead, int count, Put put)
{
    const int width = sizeof(Elements) / sizeof(float), row = HEAD_DIM / width, stride = chunks.heads * RECORD;
    for (int n = threadIdx.x; n < count * row; n += THREADS)
    {
        const int g = n / row, d = n % row * width;
        const float* parts = chunks.first + (firstHead + g) * RECORD;
        float highest = LOWEST, total = 0, sums[width] = {};
        #pragma unroll 4
        for (int c = 0; c < chunks.count; c++) { highest = fmaxf(highest, __ldcg(parts + c * stride + HEAD_DIM)); }
        #pragma unroll 4
        for (int c = 0; c < chunks.count; c++)
        {
            const float* part = parts + c * stride;
            const float fade = exp2f(__ldcg(part + HEAD_DIM) - highest);
            union { Elements all; float at[width]; } elements = { __ldcg((const Elements*)(part + d)) };
            total += __ldcg(part + HEAD_DIM + 1) * fade;
            #pragma unroll
            for (int e = 0; e < width; e++) { sums[e] += elements.at[e] * fade; }
        }

        const float share = 1 / total;
        #pragma unroll
        for (int e = 0; e < width; e++) { put(g, d + e, sums[e] * share); }
    }
}
