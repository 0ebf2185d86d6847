// Elements of a row, 16 bytes at a time.

#define VECTOR (16 / (int)sizeof(Element))

union Vector { uint4 all; Element at[VECTOR]; };

__device__ __forceinline__ bool isAligned(const void* at) { return (unsigned long long)at % 16 == 0; }

// Those from a place on, 0 behind the end; wide: they begin at 16 bytes and end before it.
__device__ __forceinline__ Vector load(const Element* row, int at, int end, bool wide)
{
    Vector some;
    if (wide)
    {
        some.all = *(const uint4*)(row + at);
    }
    else
    {
        #pragma unroll
        for (int n = 0; n < VECTOR; n++) { some.at[n] = at + n < end ? row[at + n] : (Element)0; }
    }

    return some;
}

__device__ __forceinline__ void store(const Vector& some, Element* row, int at, int end, bool wide)
{
    if (wide)
    {
        *(uint4*)(row + at) = some.all;
    }
    else
    {
        #pragma unroll
        for (int n = 0; n < VECTOR; n++)
        {
            if (at + n < end) { row[at + n] = some.at[n]; }
        }
    }
}
