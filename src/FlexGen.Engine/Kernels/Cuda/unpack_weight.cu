// The rows of a weight in 4-bit groups, as PackedShape lays them, as elements. A thread takes a word of each of 4 rows, 8 neighbours of it the
// words beside: a warp reads 512 bytes that lie together.
//
// Compiled with: GROUP.

#include "packed_groups.cuh"

extern "C" __global__ void __launch_bounds__(256) unpack_weight(const unsigned char* weight, Element* to, long long first, int rows, int columns)
{
    const int groups = (columns + WORDS * 8 - 1) / (WORDS * 8), word = blockIdx.x * 64 + threadIdx.x / 32 * 8 + threadIdx.x % 8, quad = threadIdx.x / 8 % 4;
    if (word * 8 >= columns) { return; }
    const long long tile = first / 16 + blockIdx.y;
    const unsigned char* block = weight + (tile * groups + word / WORDS) * (BLOCK * 16) + quad * 16;
    const uint4 words = __ldg((const uint4*)(block + word % WORDS * 64)), ends = __ldg((const uint4*)(block + WORDS * 64));
    const unsigned row[4] = { words.x, words.y, words.z, words.w }, both[4] = { ends.x, ends.y, ends.z, ends.w };
    #pragma unroll
    for (int r = 0; r < 4; r++)
    {
        const long long place = tile * 16 + quad * 4 + r - first;
        if (place < 0 || place >= rows) { continue; }
        const float scale = ofHalf((unsigned short)both[r]), zero = ofHalf((unsigned short)(both[r] >> 16));
        union { uint4 all[sizeof(Element) / 2]; Element at[8]; } y;
        #pragma unroll
        for (int e = 0; e < 8; e++) { y.at[e] = narrow(scale * ((float)(row[r] >> (e % 2 * 16 + e / 2 * 4) & 15) - zero)); }
        Element* at = to + place * columns + word * 8;
        if (columns % 8 == 0 && (long long)to % 16 == 0)
        {
            #pragma unroll
            for (int n = 0; n < sizeof(Element) / 2; n++) { ((uint4*)at)[n] = y.all[n]; }
        }
        else
        {
            #pragma unroll
            for (int e = 0; e < 8; e++)
            {
                if (word * 8 + e < columns) { at[e] = y.at[e]; }
            }
        }
    }
}
