// Copies to shared memory that do not wait, and products of 16 x 16 by 16 x 8 elements. Before compute capability 8.0 copies do wait.

#define ASYNCHRONOUS (__CUDA_ARCH__ >= 800)

#if ELEMENT == 1
#define ONES 0x3c003c00u
#define MMA "f32.f16.f16.f32"
#else
#define ONES 0x3f803f80u
#define MMA "f32.bf16.bf16.f32"
#endif

// 16 bytes to shared memory, or zeros.
__device__ __forceinline__ void copy(uint4* to, const void* from, bool there)
{
#if ASYNCHRONOUS
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"((unsigned)__cvta_generic_to_shared(to)), "l"(from), "r"(there ? 16 : 0) : "memory");
#else
    *to = there ? __ldg((const uint4*)from) : make_uint4(0, 0, 0, 0);
#endif
}

__device__ __forceinline__ void commit()
{
#if ASYNCHRONOUS
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

template <int Pending>
__device__ __forceinline__ void await()
{
#if ASYNCHRONOUS
    asm volatile("cp.async.wait_group %0;" :: "n"(Pending) : "memory");
#endif
}

__device__ __forceinline__ void multiply(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
#if ASYNCHRONOUS
    asm("mma.sync.aligned.m16n8k16.row.col." MMA " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    asm("mma.sync.aligned.m16n8k8.row.col." MMA " {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm("mma.sync.aligned.m16n8k8.row.col." MMA " {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

// (word & mask) | magic
template <unsigned Mask, unsigned Magic>
__device__ __forceinline__ unsigned pick(unsigned word)
{
    unsigned pair;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(pair) : "r"(word), "n"(Mask), "n"(Magic));
    return pair;
}

__device__ __forceinline__ unsigned fma2(unsigned a, unsigned b, unsigned c)
{
    unsigned d;
#if ELEMENT == 1
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
#else
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
#endif
    return d;
}

// The 8 elements of a word, exactly, as pairs of neighbours. What is or'ed is 1024, 128 in bfloat16, to whose mantissa a nibble is added.
__device__ __forceinline__ void unpack(unsigned word, unsigned (&pairs)[4])
{
#if ELEMENT == 1
    const unsigned high = word >> 8, sixteenth = 0x2c002c00, minus64 = 0xd400d400, minus1024 = 0xe400e400;
    pairs[0] = fma2(pick<0x000f000f, 0x64006400>(word), ONES, minus1024);
    pairs[1] = fma2(pick<0x00f000f0, 0x64006400>(word), sixteenth, minus64);
    pairs[2] = fma2(pick<0x000f000f, 0x64006400>(high), ONES, minus1024);
    pairs[3] = fma2(pick<0x00f000f0, 0x64006400>(high), sixteenth, minus64);
#else
    #pragma unroll
    for (int n = 0; n < 4; n++) { pairs[n] = fma2(pick<0x000f000f, 0x43004300>(word >> (4 * n)), ONES, 0xc300c300); }
#endif
}
