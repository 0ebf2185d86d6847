// A row's root mean square norm, by a block of its own: of a row of x, or of its sum with a row of what is added. In what order squares are
// added up depends on the width alone.
#include "row_vectors.cuh"
#include "norm.cuh"

// Vectors of a thread that stay in registers.
#define PARTS 4

__device__ __forceinline__ Vector sum(const Vector& a, const Vector& b)
{
    Vector both;
    #pragma unroll
    for (int n = 0; n < VECTOR; n++) { both.at[n] = narrow(widen(a.at[n]) + widen(b.at[n])); }
    return both;
}

extern "C" __global__ void __launch_bounds__(1024) norm_rows(
    Element* x,                // [rows, width]
    const Element* added,      // [rows, width]: the sum takes the place of x; null: nothing is added
    const long long* rows,     // of each block, the row; null: the block's own
    const Element* weight,     // [width]
    Element* to,               // [blocks, width]
    int width,
    float eps)
{
    __shared__ float sums[32];
    const bool wide = width % VECTOR == 0 && isAligned(x) && isAligned(added) && isAligned(weight) && isAligned(to);
    const long long row = rows ? rows[blockIdx.x] : blockIdx.x;
    const int first = threadIdx.x * VECTOR, step = blockDim.x * VECTOR;
    x += row * width;
    added = added ? added + row * width : nullptr;
    to += (long long)blockIdx.x * width;

    Vector some[PARTS], factors[PARTS];
    float squares = 0;
    #pragma unroll
    for (int p = 0; p < PARTS; p++)
    {
        const int at = first + p * step;
        if (at < width)
        {
            some[p] = load(x, at, width, wide);
            if (added) { factors[p] = load(added, at, width, wide); }
        }
    }

    #pragma unroll
    for (int p = 0; p < PARTS; p++)
    {
        const int at = first + p * step;
        if (at < width)
        {
            if (added)
            {
                some[p] = sum(some[p], factors[p]);
                store(some[p], x, at, width, wide);
            }

            addSquares(squares, some[p]);
            factors[p] = load(weight, at, width, wide);
        }
    }

    for (int at = first + PARTS * step; at < width; at += step)
    {
        Vector more = load(x, at, width, wide);
        if (added)
        {
            more = sum(more, load(added, at, width, wide));
            store(more, x, at, width, wide);
        }

        addSquares(squares, more);
    }

    #pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) { squares += __shfl_xor_sync(0xffffffff, squares, offset); }
    if (threadIdx.x % 32 == 0) { sums[threadIdx.x / 32] = squares; }
    __syncthreads();
    squares = threadIdx.x % 32 < blockDim.x / 32 ? sums[threadIdx.x % 32] : 0;
    #pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) { squares += __shfl_xor_sync(0xffffffff, squares, offset); }
    const float factor = normFactor(squares, width, eps);

    #pragma unroll
    for (int p = 0; p < PARTS; p++)
    {
        const int at = first + p * step;
        if (at < width)
        {
            norm(some[p], factors[p], factor);
            store(some[p], to, at, width, wide);
        }
    }

    for (int at = first + PARTS * step; at < width; at += step)
    {
        Vector more = load(x, at, width, wide);
        norm(more, load(weight, at, width, wide), factor);
        store(more, to, at, width, wide);
    }
}
