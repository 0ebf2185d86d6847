// Products of float16 on tensor cores, and what their threads exchange.

// A thread's place among the 8 x 4 of its warp.
struct Place { int row, column; };

__device__ __forceinline__ Place placeOf() { return { (int)threadIdx.x % 32 / 4, (int)threadIdx.x % 4 }; }

// c += a b: [16, 16] and [16, 8]. A thread has of a the rows row, row + 8, row, row + 8 at the columns 2 column and the next, twice, and 8
// further, twice; of b these as rows, at the column row; of c the rows row, twice, and row + 8, twice, at the columns 2 column and the next.
__device__ __forceinline__ void multiply(float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a0), "r"(a1), "r"(b0));
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a2), "r"(a3), "r"(b1));
#endif
}

// 8 x 8, each thread having two of a row.
__device__ __forceinline__ unsigned transpose(unsigned x)
{
    unsigned y;
    asm("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(y) : "r"(x));
    return y;
}

__device__ __forceinline__ unsigned halves(float low, float high)
{
#if __CUDA_ARCH__ >= 800
    unsigned both;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
#else
    return toHalf(low) | (unsigned)toHalf(high) << 16;
#endif
}

__device__ __forceinline__ float low(unsigned pair) { return ofHalf((unsigned short)pair); }
__device__ __forceinline__ float high(unsigned pair) { return ofHalf((unsigned short)(pair >> 16)); }

// Over the threads of a column.
template <typename With>
__device__ __forceinline__ float overRows(float x, With with)
{
    #pragma unroll
    for (int offset = 4; offset < 32; offset *= 2) { x = with(x, __shfl_xor_sync(0xffffffff, x, offset)); }
    return x;
}

// Of a warp.
__device__ __forceinline__ unsigned greatestOf(unsigned x)
{
#if __CUDA_ARCH__ >= 800
    return __reduce_max_sync(0xffffffff, x);
#else
    #pragma unroll
    for (int offset = 1; offset < 32; offset *= 2) { x = max(x, __shfl_xor_sync(0xffffffff, x, offset)); }
    return x;
#endif
}
