// Keys and values of new tokens, [rows, KV_HEADS, HEAD_DIM], rotated and rounded to rows of 4-bit numbers.

#include "packed_rows.cuh"

#define GREATEST 65504.0f

extern "C" __global__ void __launch_bounds__(256) pack(
    const Element* keys, long long keyStride, const Element* values, long long valueStride, unsigned char* packedKeys, unsigned char* packedValues, int rows)
{
    const Element* from = blockIdx.y ? values : keys;
    const long long stride = blockIdx.y ? valueStride : keyStride;
    const unsigned at = blockIdx.x * 256 + threadIdx.x;
    const int head = at / HEAD_LANES % KV_HEADS, first = at % HEAD_LANES * PER;
    const long long row = at / HEAD_LANES / KV_HEADS;
    const bool here = row < rows;
    from += row * stride + head * HEAD_DIM;

    float x[PER];
    if (here)
    {
        load(from, first, (((unsigned long long)from | stride * sizeof(Element)) & 15) == 0).widened(x);
    }
    else
    {
        #pragma unroll
        for (int n = 0; n < PER; n++) { x[n] = 0; }
    }

    rotate(x);
    float lowest = 3.4e38f, highest = -3.4e38f;
    #pragma unroll
    for (int n = 0; n < PER; n++)
    {
        x[n] *= rotationFactor();
        if (first + n < HEAD_DIM)
        {
            lowest = fminf(lowest, x[n]);
            highest = fmaxf(highest, x[n]);
        }
    }

    lowest = overBlock(lowest, [](float a, float b) { return fminf(a, b); });
    highest = overBlock(highest, [](float a, float b) { return fmaxf(a, b); });
    unsigned short scale = toHalf(fminf((highest - lowest) / 15, GREATEST)), zero;
    float toSteps = 1 / ofHalf(scale), origin = -lowest / ofHalf(scale);
    if (fabsf(origin) <= GREATEST)
    {
        zero = toHalf(origin);
        origin = ofHalf(zero);
    }
    else
    {
        // All are alike, as far as float16 can tell: q = 0.
        const float middle = (lowest + highest) / 2;
        scale = toHalf(fminf(fabsf(middle), GREATEST));
        zero = toHalf(middle > 0 ? -1 : middle < 0 ? 1 : 0);
        toSteps = origin = 0;
    }

    if (!here) { return; }
    unsigned char* to = (blockIdx.y ? packedValues : packedKeys) + row * ROW_BYTES;
    unsigned* words = (unsigned*)to + head * BLOCKS * WORDS + first / 8;
    #pragma unroll
    for (int w = 0; w < PER / 8; w++)
    {
        unsigned word = 0;
        #pragma unroll
        for (int n = 0; n < 8; n++)
        {
            const int e = w * 8 + n;
            const unsigned q = first + e < HEAD_DIM ? (unsigned)fminf(fmaxf(rintf(x[e] * toSteps + origin), 0), 15) : 0;
            word |= q << (n / 2 * 4 + n % 2 * 16);
        }

        if (first + w * 8 < BLOCKS * BLOCK) { words[w] = word; }
    }

    const int block = first / BLOCK;
    if (threadIdx.x % BLOCK_LANES == 0 && block < BLOCKS)
    {
        ((unsigned*)(to + WORD_BYTES))[head * BLOCKS + block] = scale | (unsigned)zero << 16;
    }
}
