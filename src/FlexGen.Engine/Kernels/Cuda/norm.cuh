// Root mean square norms: x / sqrt(mean(x^2) + eps), rounded, times the weight. Multiplied by 1 / width and added to one by one, as libtorch does.

__device__ __forceinline__ void addSquares(float& sum, const Vector& some)
{
    #pragma unroll
    for (int n = 0; n < VECTOR; n++) { sum = fmaf(widen(some.at[n]), widen(some.at[n]), sum); }
}

__device__ __forceinline__ float normFactor(float squares, int width, float eps) { return rsqrtf(__fadd_rn(__fmul_rn(squares, 1.0f / width), eps)); }

__device__ __forceinline__ void norm(Vector& some, const Vector& weight, float factor)
{
    #pragma unroll
    for (int n = 0; n < VECTOR; n++) { some.at[n] = narrow(widen(narrow(widen(some.at[n]) * factor)) * widen(weight.at[n])); }
}
