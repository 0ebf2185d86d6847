// Blocks of a cluster, which read each other's shared memory.
//
// Compiled with: BLOCKS.

#if BLOCKS > 1
// All threads of a cluster; what they wrote to shared memory is there for the others.
__device__ __forceinline__ void meetCluster()
{
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

// What is at an address of this block's shared memory in that of another of the cluster.
__device__ __forceinline__ float2 remote(const float* address, int block)
{
    float2 v;
    asm volatile("{\n.reg .u32 a;\nmapa.shared::cluster.u32 a, %2, %3;\nld.shared::cluster.v2.f32 {%0, %1}, [a];\n}"
        : "=f"(v.x), "=f"(v.y) : "r"((unsigned)__cvta_generic_to_shared(address)), "r"(block) : "memory");
    return v;
}

__device__ __forceinline__ float4 remote(const float4* address, int block)
{
    float4 v;
    asm volatile("{\n.reg .u32 a;\nmapa.shared::cluster.u32 a, %4, %5;\nld.shared::cluster.v4.f32 {%0, %1, %2, %3}, [a];\n}"
        : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "r"((unsigned)__cvta_generic_to_shared(address)), "r"(block) : "memory");
    return v;
}

#define CLUSTER __cluster_dims__(BLOCKS, 1, 1)
#else
#define CLUSTER
#endif
