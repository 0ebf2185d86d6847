// Products of a warpgroup's four warps on Hopper's tensor cores: 64 rows, of which each thread has its part in registers, by COLUMNS rows that lie
// in shared memory, 64 elements of each in 128 bytes, 16 bytes swapped with others by the row's place among 8 (the 128-byte swizzle).

#define SUMS (COLUMNS / 2)  // of a thread

#if ELEMENT == 1
#define WARPGROUP "f32.f16.f16"
#else
#define WARPGROUP "f32.bf16.bf16"
#endif

// Sums, then 4 registers of a, then the descriptor.
#define SUMS_0 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15"
#define SUMS_16 "%16, %17, %18, %19, %20, %21, %22, %23"
#define SUMS_24 "%24, %25, %26, %27, %28, %29, %30, %31"
#define SUMS_32 \
    "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
    "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define SUMS_64 \
    "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, " \
    "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define SUMS_96 \
    "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, " \
    "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#if COLUMNS == 16
#define PLACES "%0, %1, %2, %3, %4, %5, %6, %7"
#define OPERANDS "{%8, %9, %10, %11}, %12"
#define EACH(d) ONE(d, 0)
#elif COLUMNS == 24
#define PLACES "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11"
#define OPERANDS "{%12, %13, %14, %15}, %16"
#define EACH(d) ONE(d, 0), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11])
#elif COLUMNS == 32
#define PLACES SUMS_0
#define OPERANDS "{%16, %17, %18, %19}, %20"
#define EACH(d) ONE(d, 0), ONE(d, 8)
#elif COLUMNS == 48
#define PLACES SUMS_0 ", " SUMS_16
#define OPERANDS "{%24, %25, %26, %27}, %28"
#define EACH(d) ONE(d, 0), ONE(d, 8), ONE(d, 16)
#elif COLUMNS == 64
#define PLACES SUMS_0 ", " SUMS_16 ", " SUMS_24
#define OPERANDS "{%32, %33, %34, %35}, %36"
#define EACH(d) FOUR(d, 0)
#elif COLUMNS == 128
#define PLACES SUMS_0 ", " SUMS_16 ", " SUMS_24 ", " SUMS_32
#define OPERANDS "{%64, %65, %66, %67}, %68"
#define EACH(d) FOUR(d, 0), FOUR(d, 32)
#elif COLUMNS == 192
#define PLACES SUMS_0 ", " SUMS_16 ", " SUMS_24 ", " SUMS_32 ", " SUMS_64
#define OPERANDS "{%96, %97, %98, %99}, %100"
#define EACH(d) FOUR(d, 0), FOUR(d, 32), FOUR(d, 64)
#else
#define PLACES SUMS_0 ", " SUMS_16 ", " SUMS_24 ", " SUMS_32 ", " SUMS_64 ", " SUMS_96
#define OPERANDS "{%128, %129, %130, %131}, %132"
#define EACH(d) FOUR(d, 0), FOUR(d, 32), FOUR(d, 64), FOUR(d, 96)
#endif
#define ONE(d, n) "+f"(d[n]), "+f"(d[n + 1]), "+f"(d[n + 2]), "+f"(d[n + 3]), "+f"(d[n + 4]), "+f"(d[n + 5]), "+f"(d[n + 6]), "+f"(d[n + 7])
#define FOUR(d, n) ONE(d, n), ONE(d, n + 8), ONE(d, n + 16), ONE(d, n + 24)
#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

// What lies at an address of shared memory, a multiple of 1,024 bytes, for a product's second operand: 8 rows take 1,024 bytes.
__device__ __forceinline__ unsigned long long described(unsigned address)
{
    return ((address & 0x3ffff) >> 4) | 1ull << 16 | 64ull << 32 | 1ull << 62;
}

// sum += a b: begins to. Neither sums nor a may be touched before it is waited for.
__device__ __forceinline__ void multiply(float (&sum)[SUMS], const unsigned (&a)[4], unsigned long long b)
{
    asm volatile(
        "{\n.reg .pred p;\nsetp.eq.u32 p, 0, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n" NUMBER(COLUMNS) "k16." WARPGROUP " {" PLACES "}, " OPERANDS ", p, 1, 1, 0;\n}"
        : EACH(sum) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ __forceinline__ void open() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void close() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Until all but the latest products that were closed are done.
template <int latest>
__device__ __forceinline__ void settleAllBut() { asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(latest) : "memory"); }

// Until all products are done.
__device__ __forceinline__ void settle(float (&sum)[SUMS])
{
    settleAllBut<0>();
    #pragma unroll
    for (int n = 0; n < SUMS; n++) { asm volatile("" : "+f"(sum[n]) :: "memory"); }
}

// What this thread has made of barriers is there for copies.
__device__ __forceinline__ void publish() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

// Barriers of shared memory. A copy that ends counts its bytes off; a phase is over when all that was expected is there and all have arrived.
__device__ __forceinline__ void prepare(unsigned barrier, int arrivals)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" :: "r"(barrier), "r"(arrivals) : "memory");
}

__device__ __forceinline__ void expect(unsigned barrier, int bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" :: "r"(barrier), "r"(bytes) : "memory");
}

__device__ __forceinline__ void wait(unsigned barrier, unsigned phase)
{
    unsigned over = 0;
    while (!over)
    {
        asm volatile(
            "{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
            : "=r"(over) : "r"(barrier), "r"(phase) : "memory");
    }
}

__device__ __forceinline__ void arrive(unsigned barrier)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" :: "r"(barrier) : "memory");
}

// Begins to bring bytes, a multiple of 16.
__device__ __forceinline__ void bring(unsigned to, const void* from, int bytes, unsigned barrier)
{
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
        :: "r"(to), "l"(from), "r"(bytes), "r"(barrier) : "memory");
}

// What the driver makes of a matrix, for copies of boxes of it.
struct __align__(64) TensorMap { unsigned long long words[16]; };

// Begins to bring the box at a column and a row. What lies outside the matrix is 0, and is counted too.
__device__ __forceinline__ void bring(unsigned to, const TensorMap& from, int column, int row, unsigned barrier)
{
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];"
        :: "r"(to), "l"(&from), "r"(column), "r"(row), "r"(barrier) : "memory");
}
