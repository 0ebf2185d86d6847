// A weight's elements, scale * (q - zero), of a word's pair c in the words' rows: two rows have a pair of scale and zero each.

#if ELEMENT == 1
__device__ __forceinline__ unsigned times(unsigned a, unsigned b) { unsigned d; asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b)); return d; }

// scale * q - scale * zero, of which the latter is rounded, and then all. q, 6 bits up in a float16 without an exponent, is q times 2^-18, without a
// conversion; where a scale times 2^18 may be no float16, it is 16 + q, and what goes off is scale * (16 + zero).
struct Ends
{
    unsigned base, scale[2], off[2];
    __device__ __forceinline__ Ends(uint2 both)
    {
        const bool large = ((both.x | both.y) & 0x7fff) >= 0x3400;
        const unsigned root = large ? 0x3c003c00 : 0x60006000, pairs[2] = { both.x, both.y };
        base = large ? 0x4c004c00 : 0;
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const unsigned its = __byte_perm(pairs[r], 0, 0x1010), minus = its ^ 0x80008000;
            scale[r] = times(times(its, root), root);
            off[r] = fma2(__byte_perm(pairs[r], 0, 0x3232), minus, times(minus, base));
        }
    }
    template <int row>
    __device__ __forceinline__ unsigned pair(unsigned word, int c) const
    {
        unsigned number;
        asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(number) : "r"(__funnelshift_l(word, word, 6 - 4 * c)), "n"(0x03c003c0), "r"(base));
        return fma2(number, scale[row], off[row]);
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
