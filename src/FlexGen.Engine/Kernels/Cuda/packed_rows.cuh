// A row of the KV cache in 4 bits, one token of one slot: words of 8 elements, [KV_HEADS, BLOCKS, WORDS], then as many pairs of scale and
// zero of float16, [KV_HEADS, BLOCKS]; an element is scale * (q - zero). Heads are rotated by a Hadamard matrix, in blocks of ORDER elements,
// which is symmetric and its own inverse.
//
// Compiled with: KV_HEADS, HEAD_DIM, BLOCK (elements with one scale), PER (consecutive elements of a thread that rotates),
// HEAD_LANES (such threads of a head), BLOCK_LANES (of a block, a power of two).

#define WORDS (BLOCK / 8)
#define BLOCKS ((HEAD_DIM + BLOCK - 1) / BLOCK)
#define WORD_BYTES (KV_HEADS * BLOCKS * WORDS * 4)
#define ROW_BYTES (WORD_BYTES + KV_HEADS * BLOCKS * 4)
#define ORDER (HEAD_DIM & -HEAD_DIM)

// The elements of a head that a thread has, as they lie in memory.
struct Elements
{
    union { uint4 all[PER * sizeof(Element) / 16]; Element at[PER]; };

    __device__ __forceinline__ void widened(float (&x)[PER]) const
    {
        #pragma unroll
        for (int n = 0; n < PER; n++) { x[n] = widen(at[n]); }
    }
};

// They from the first on, 0 behind the head's end; wide: the head begins at 16 bytes.
__device__ __forceinline__ Elements load(const Element* head, int first, bool wide)
{
    Elements elements;
    if (wide && first + PER <= HEAD_DIM)
    {
        #pragma unroll
        for (int n = 0; n < PER * sizeof(Element) / 16; n++) { elements.all[n] = ((const uint4*)(head + first))[n]; }
    }
    else
    {
        #pragma unroll
        for (int n = 0; n < PER; n++) { elements.at[n] = first + n < HEAD_DIM ? head[first + n] : (Element)0; }
    }

    return elements;
}

__device__ __forceinline__ void store(const Elements& elements, Element* head, int first, bool wide)
{
    if (wide && first + PER <= HEAD_DIM)
    {
        #pragma unroll
        for (int n = 0; n < PER * sizeof(Element) / 16; n++) { ((uint4*)(head + first))[n] = elements.all[n]; }
    }
    else
    {
        #pragma unroll
        for (int n = 0; n < PER; n++)
        {
            if (first + n < HEAD_DIM) { head[first + n] = elements.at[n]; }
        }
    }
}

// The part of a head that this thread has, of which the threads beside it have the rest: without the factor 1/sqrt(ORDER).
__device__ __forceinline__ void rotate(float (&x)[PER])
{
    #pragma unroll
    for (int step = 1; step < ORDER && step < PER; step *= 2)
    {
        #pragma unroll
        for (int n = 0; n < PER; n++)
        {
            if ((n & step) == 0)
            {
                const float a = x[n], b = x[n + step];
                x[n] = a + b;
                x[n + step] = a - b;
            }
        }
    }

    #pragma unroll
    for (int step = 1; step < ORDER / PER; step *= 2)
    {
        const float sign = threadIdx.x & step ? -1.0f : 1.0f;
        #pragma unroll
        for (int n = 0; n < PER; n++) { x[n] = sign * x[n] + __shfl_xor_sync(0xffffffff, x[n], step); }
    }
}

__device__ __forceinline__ float rotationFactor() { return 1.0f / sqrtf((float)ORDER); }

// Over the threads that share a block.
template <typename With>
__device__ __forceinline__ float overBlock(float x, With with)
{
    #pragma unroll
    for (int step = 1; step < BLOCK_LANES; step *= 2) { x = with(x, __shfl_xor_sync(0xffffffff, x, step)); }
    return x;
}
