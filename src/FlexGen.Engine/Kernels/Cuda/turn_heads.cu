// The query and key heads of a token, by a block of its own, turned to its position in their places: element d with element d + headDim / 2.
// Where there are weights, each head becomes its root mean square norm before.
#include "row_vectors.cuh"
#include "norm.cuh"

#define THREADS 512

extern "C" __global__ void __launch_bounds__(THREADS) turn_heads(
    Element* query,              // [tokens, queryHeads, headDim], whose tokens lie queryRow elements apart
    long long queryRow,
    int queryHeads,
    Element* key,                // likewise
    long long keyRow,
    int keyHeads,
    const Element* queryWeight,  // [headDim]; null: no norm
    const Element* keyWeight,
    const Element* cosine,       // [tokens, headDim], both halves alike
    const Element* sine,         // [tokens, headDim], the first half's with the other sign
    int headDim,
    int lanes,                   // threads of a head, a power of two up to 32
    float eps)
{
    const int half = headDim / 2, first = threadIdx.x % lanes * VECTOR, step = lanes * VECTOR;
    const bool wide = half % VECTOR == 0 && queryRow % VECTOR == 0 && keyRow % VECTOR == 0 && isAligned(query) && isAligned(key)
        && isAligned(queryWeight) && isAligned(keyWeight) && isAligned(cosine) && isAligned(sine);
    query += blockIdx.x * queryRow;
    key += blockIdx.x * keyRow;
    cosine += (long long)blockIdx.x * headDim;
    sine += (long long)blockIdx.x * headDim + half;

    // Of all heads as many as the block has room for; a warp stays together.
    for (int group = 0; group < queryHeads + keyHeads; group += blockDim.x / lanes)
    {
        const int n = group + threadIdx.x / lanes;
        const int end = n < queryHeads + keyHeads ? half : 0;
        Element* low = n < queryHeads ? query + n * headDim : key + (n - queryHeads) * headDim;
        Element* high = low + half;
        const Element* weight = n < queryHeads ? queryWeight : keyWeight;
        float factor = 0;
        if (queryWeight)
        {
            float squares = 0;
            for (int at = first; at < end; at += step)
            {
                addSquares(squares, load(low, at, half, wide));
                addSquares(squares, load(high, at, half, wide));
            }

            for (int offset = lanes / 2; offset > 0; offset /= 2) { squares += __shfl_xor_sync(0xffffffff, squares, offset); }
            factor = normFactor(squares, headDim, eps);
        }

        for (int at = first; at < end; at += step)
        {
            const Vector c = load(cosine, at, half, wide), s = load(sine, at, half, wide);
            Vector a = load(low, at, half, wide), b = load(high, at, half, wide);
            if (weight)
            {
                norm(a, load(weight, at, half, wide), factor);
                norm(b, load(weight + half, at, half, wide), factor);
            }

            #pragma unroll
            for (int n = 0; n < VECTOR; n++)
            {
                const float x = widen(a.at[n]), y = widen(b.at[n]), cos = widen(c.at[n]), sin = widen(s.at[n]);
                a.at[n] = narrow(fmaf(y, -sin, widen(narrow(x * cos))));
                b.at[n] = narrow(fmaf(x, sin, widen(narrow(y * cos))));
            }

            store(a, low, at, half, wide);
            store(b, high, at, half, wide);
        }
    }
}
