// A weight's elements, scale * (q - zero), of a word's pair c in the words' rows: two rows have a pair of scale and zero each.

#if ELEMENT == 1
// scale * q - scale * zero, of which the latter is rounded, and then all: q exactly, of 1,024 + q.
struct Ends
{
    unsigned scale[2], off[2];
    __device__ __forceinline__ Ends(uint2 both)
    {
        const unsigned pairs[2] = { both.x, both.y };
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            scale[r] = __byte_perm(pairs[r], 0, 0x1010);
            asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(off[r]) : "r"(__byte_perm(pairs[r], 0, 0x3232)), "r"(scale[r]));
            off[r] ^= 0x80008000;
        }
    }
    template <int row>
    __device__ __forceinline__ unsigned pair(unsigned word, int c) const
    {
        unsigned q;
        asm("add.rn.f16x2 %0, %1, %2;" : "=r"(q) : "r"(pick<0x000f000f, 0x64006400>(word >> (c * 4))), "r"(0xe400e400));
        return fma2(q, scale[row], off[row]);
    }
};
#else
// In float32, of 16 + q, and rounded to bfloat16 once.
struct Ends
{
    float scale[2], off[2];
    __device__ __forceinline__ Ends(uint2 both)
    {
        const unsigned pairs[2] = { both.x, both.y };
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            scale[r] = ofHalf((unsigned short)pairs[r]);
            off[r] = -scale[r] * (16.0f + ofHalf((unsigned short)(pairs[r] >> 16)));
        }
    }
    template <int row>
    __device__ __forceinline__ float value(unsigned word, int up) const
    {
        return fmaf(__uint_as_float(pick<0x00780000, 0x41800000>(__funnelshift_l(word, word, up))), scale[row], off[row]);
    }
    template <int row>
    __device__ __forceinline__ unsigned pair(unsigned word, int c) const
    {
        unsigned both;
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(value<row>(word, 3 - 4 * c)), "f"(value<row>(word, 19 - 4 * c)));
        return both;
    }
};
#endif
