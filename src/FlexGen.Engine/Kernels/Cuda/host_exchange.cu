// What attention in host memory is given and gives back. The GPU's own threads write and read that memory: a copy to the GPU would
// wait until all those that were asked for before it have ended, weights of a whole layer among them.

extern "C" __global__ void give(
    const Element* query, const Element* keys, const Element* values, float* queryThere, Element* keysThere, Element* valuesThere, int queryElements,
    int keyElements)
{
    const int step = gridDim.x * blockDim.x, first = blockIdx.x * blockDim.x + threadIdx.x;
    for (int n = first; n < queryElements; n += step) { queryThere[n] = widen(query[n]); }
    for (int n = first; n < keyElements; n += step)
    {
        keysThere[n] = keys[n];
        valuesThere[n] = values[n];
    }
}

extern "C" __global__ void take(const float* there, Element* output, int elements)
{
    const int step = gridDim.x * blockDim.x;
    for (int n = blockIdx.x * blockDim.x + threadIdx.x; n < elements; n += step) { output[n] = narrow(there[n]); }
}

// Words from one of them to the other.
extern "C" __global__ void copy(const unsigned* from, unsigned* to, long long words)
{
    for (long long n = blockIdx.x * (long long)blockDim.x + threadIdx.x; n < words; n += (long long)gridDim.x * blockDim.x) { to[n] = from[n]; }
}
