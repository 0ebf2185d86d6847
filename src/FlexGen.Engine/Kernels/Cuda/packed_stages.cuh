// Tokens of a sequence, brought to shared memory in stages, ahead of their use. A token there has the words of the block's heads, then their
// pairs of scale and zero; a stage has its tokens' keys, then their values.

#define STEP 16
#define WORD_UNITS (WARPS * BLOCKS * WORDS * 4 / UNIT)
#define UNITS (WORD_UNITS + WARPS * BLOCKS * 4 / UNIT)
#define TOKEN_BYTES (UNITS * UNIT)
#define STAGE_BYTES (2 * STEP * TOKEN_BYTES)

// What a thread copies of a stage's keys, and of its values.
#define COPIES ((STEP * UNITS + THREADS - 1) / THREADS)

#if UNIT == 16
typedef uint4 Unit;
#elif UNIT == 8
typedef uint2 Unit;
#else
typedef unsigned Unit;
#endif

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
    int firstHead, begin, end, newest, token;

    __device__ __forceinline__ bool has(int t) const { return (unsigned)(t - begin) < (unsigned)(end - begin); }

    // Whether all of some tokens are the block's.
    __device__ __forceinline__ bool hasAll(int t) const { return t >= begin && t + STEP <= end; }

    // Begins at the first token.
    __device__ __forceinline__ void start(const unsigned char* slab, int first)
    {
        token = first;
        #pragma unroll
        for (int n = 0; n < COPIES; n++)
        {
            const int at = n * THREADS + threadIdx.x;
            keys[n] = slab + (first + at / UNITS) * stride + offsetOf(at % UNITS, firstHead);
        }
    }

    // Begins to bring the next stage.
    __device__ __forceinline__ void bring(unsigned char* stage)
    {
        if (hasAll(token) && newest >= token + STEP)
        {
            #pragma unroll
            for (int n = 0; n < COPIES; n++)
            {
                const int at = n * THREADS + threadIdx.x;
                if ((n + 1) * THREADS <= STEP * UNITS || at < STEP * UNITS)
                {
                    copy(stage + at * UNIT, keys[n], true);
                    copy(stage + (STEP * UNITS + at) * UNIT, keys[n] + toValues, true);
                }
            }
        }
        else
        {
            #pragma unroll
            for (int n = 0; n < COPIES; n++)
            {
                const int at = n * THREADS + threadIdx.x, t = token + at / UNITS;
                if (at < STEP * UNITS)
                {
                    const unsigned char *key = keys[n], *value = key + toValues;
                    if (t == newest)
                    {
                        const int offset = offsetOf(at % UNITS, firstHead);
                        key = newKeys + offset;
                        value = newValues + offset;
                    }

                    copy(stage + at * UNIT, key, has(t));
                    copy(stage + (STEP * UNITS + at) * UNIT, value, has(t));
                }
            }
        }

        #pragma unroll
        for (int n = 0; n < COPIES; n++) { keys[n] += STEP * stride; }
        token += STEP;
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
