// What a warp does with a stage: one key head, and up to 8 query heads of it, the columns of a tensor core's matrix.

#define HEADS (GROUP < 8 ? GROUP : 8)
#define COLUMNS (HEADS > 1 ? 2 : 1)
#define KEY_WORDS ((WORDS + 3) / 4)
#define VALUE_WORDS ((WORDS + 7) / 8)
#define OFFSET 64.0f

// How far the highest score may be above the one that weights refer to, as an exponent of 2, and the scale's unit above the one they are in:
// the weights remain within float16, and sums are seldom scaled anew.
#define SCORE_LAG 8.0f
#define UNIT_LAG 8.0f

// The token of a row, and of 8 further the one 8 further: such that what a warp reads at once is in different banks.
__device__ __forceinline__ int tokenOf(int row) { return row % 2 == 0 ? row / 2 : (row / 2 + 2) % 4 + 4; }

// Two numbers of a word, 16 bits apart, as float16: 64 + n.
template <int at>
__device__ __forceinline__ unsigned numbers(unsigned word)
{
    unsigned both;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(both) : "r"(at == 0 ? word << 4 : word >> (at * 4 - 4)), "n"(0x00f000f0), "n"(0x54005400));
    return both;
}

// Of both halves, of which the upper one is of no use.
__device__ __forceinline__ unsigned greaterLow(unsigned a, unsigned b)
{
#if __CUDA_ARCH__ >= 800
    asm("max.f16x2 %0, %0, %1;" : "+r"(a) : "r"(b));
    return a;
#else
    return max(a & 0xffff, b & 0xffff);
#endif
}

__device__ __forceinline__ float powerOfTwo(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Of a power of two.
__device__ __forceinline__ float inverse(float x) { return __uint_as_float(0x7f000000 - __float_as_uint(x)); }

// What a warp has found so far, of the columns' heads. Its sums, and what is to go off them, are in units: powers of two that keep weights
// within float16.
struct Found
{
    float sums[BLOCKS][VALUE_WORDS][4][4], off[BLOCKS][COLUMNS], unit, highest[COLUMNS], total[COLUMNS];
};

struct Query
{
    unsigned elements[BLOCKS][KEY_WORDS][4];
    float sums[BLOCKS][COLUMNS];
};

// Scales and zeros of the tokens of a thread's two rows.
__device__ __forceinline__ void loadPairs(const unsigned char* tokens, unsigned (&pairs)[BLOCKS][2])
{
    #pragma unroll
    for (int r = 0; r < 2; r++)
    {
        const unsigned* at = (const unsigned*)(tokens + (tokenOf(placeOf().row) + r * 8) * TOKEN_BYTES + WORD_UNITS * UNIT) + threadIdx.x / 32 * BLOCKS;
#if BLOCKS % 2 == 0
        #pragma unroll
        for (int b = 0; b < BLOCKS; b += 2)
        {
            const uint2 two = *(const uint2*)(at + b);
            pairs[b][r] = two.x;
            pairs[b + 1][r] = two.y;
        }
#else
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++) { pairs[b][r] = at[b]; }
#endif
    }
}

// The scores of 16 tokens.
__device__ __forceinline__ void score(const unsigned char* tokens, const Query& query, float (&scores)[2][COLUMNS])
{
    const Place place = placeOf();
    unsigned pairs[BLOCKS][2];
    loadPairs(tokens, pairs);
    #pragma unroll
    for (int n = 0; n < 2 * COLUMNS; n++) { scores[n / COLUMNS][n % COLUMNS] = 0; }
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        unsigned words[2][KEY_WORDS];
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const unsigned* at = (const unsigned*)(tokens + (tokenOf(place.row) + r * 8) * TOKEN_BYTES)
                + (threadIdx.x / 32 * BLOCKS + b) * WORDS + place.column * KEY_WORDS;
#if WORDS == 8 && WARPS * BLOCKS % 2 == 0
            const uint2 two = *(const uint2*)at;
            words[r][0] = two.x;
            words[r][1] = two.y;
#else
            #pragma unroll
            for (int p = 0; p < KEY_WORDS; p++) { words[r][p] = place.column * KEY_WORDS + p < WORDS ? at[p] : 0; }
#endif
        }

        float products[4] = { 0, 0, 0, 0 };
        #pragma unroll
        for (int p = 0; p < KEY_WORDS; p++)
        {
            const unsigned one = words[0][p], other = words[1][p], (&q)[4] = query.elements[b][p];
            multiply(products, numbers<0>(one), numbers<0>(other), numbers<1>(one), numbers<1>(other), q[0], q[1]);
            multiply(products, numbers<2>(one), numbers<2>(other), numbers<3>(one), numbers<3>(other), q[2], q[3]);
        }

        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const float scale = low(pairs[b][r]), zero = OFFSET + high(pairs[b][r]);
            #pragma unroll
            for (int h = 0; h < COLUMNS; h++) { scores[r][h] += scale * (products[r * 2 + h] - zero * query.sums[b][h]); }
        }
    }
}

// Adds 16 tokens' values, by their weights.
__device__ __forceinline__ void add(const unsigned char* tokens, const unsigned (&pairs)[BLOCKS][2], const float (&weights)[2][COLUMNS], Found& found)
{
    const Place place = placeOf();
    const float toUnits = inverse(found.unit);
    #pragma unroll
    for (int b = 0; b < BLOCKS; b++)
    {
        unsigned scaled[2];
        #pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const float scale = low(pairs[b][r]) * toUnits, zero = OFFSET + high(pairs[b][r]);
            scaled[r] = halves(weights[r][0] * scale, COLUMNS > 1 ? weights[r][COLUMNS - 1] * scale : 0);
            #pragma unroll
            for (int h = 0; h < COLUMNS; h++) { found.off[b][h] += (h == 0 ? low(scaled[r]) : high(scaled[r])) * zero; }
            scaled[r] = transpose(scaled[r]);
        }

        #pragma unroll
        for (int p = 0; p < VALUE_WORDS; p++)
        {
            unsigned words[4];
            #pragma unroll
            for (int r = 0; r < 4; r++)
            {
                const int token = tokenOf(place.column * 2 + r % 2) + r / 2 * 8, word = p * 8 + place.row;
                words[r] = word < WORDS ? ((const unsigned*)(tokens + token * TOKEN_BYTES))[(threadIdx.x / 32 * BLOCKS + b) * WORDS + word] : 0;
            }

            // The numbers of two tokens beside each other: of a word's even elements, then of its odd ones.
            const unsigned even = __byte_perm(words[0], words[1], 0x5410), odd = __byte_perm(words[0], words[1], 0x7632);
            const unsigned laterEven = __byte_perm(words[2], words[3], 0x5410), laterOdd = __byte_perm(words[2], words[3], 0x7632);
            float (&sums)[4][4] = found.sums[b][p];
            multiply(sums[0], numbers<0>(even), numbers<0>(odd), numbers<0>(laterEven), numbers<0>(laterOdd), scaled[0], scaled[1]);
            multiply(sums[1], numbers<1>(even), numbers<1>(odd), numbers<1>(laterEven), numbers<1>(laterOdd), scaled[0], scaled[1]);
            multiply(sums[2], numbers<2>(even), numbers<2>(odd), numbers<2>(laterEven), numbers<2>(laterOdd), scaled[0], scaled[1]);
            multiply(sums[3], numbers<3>(even), numbers<3>(odd), numbers<3>(laterEven), numbers<3>(laterOdd), scaled[0], scaled[1]);
        }
    }
}

// Attends to a stage's tokens, of which one at least is the sequence's.
__device__ __forceinline__ void attend(const Rows& rows, int first, const unsigned char* stage, const Query& query, Found& found)
{
    float weights[2][COLUMNS], higher[COLUMNS], fade[COLUMNS];
    unsigned pairs[BLOCKS][2], scale = 1;
    const bool whole = rows.hasAll(first);
    #pragma unroll
    for (int h = 0; h < COLUMNS; h++) { higher[h] = found.highest[h]; }
    score(stage, query, weights);
    loadPairs(stage + STEP * TOKEN_BYTES, pairs);
    #pragma unroll
    for (int r = 0; r < 2; r++)
    {
        #pragma unroll
        for (int b = 0; b < BLOCKS; b++) { scale = greaterLow(scale, pairs[b][r]); }
        if (!whole && !rows.has(first + tokenOf(placeOf().row) + r * 8))
        {
            #pragma unroll
            for (int h = 0; h < COLUMNS; h++) { weights[r][h] = LOWEST; }
        }

        #pragma unroll
        for (int h = 0; h < COLUMNS; h++) { higher[h] = fmaxf(higher[h], weights[r][h]); }
    }

    // The scales' unit is the greatest power of two that is not above the greatest of them. It and the highest score may lag behind, as far as float16
    // allows: each thread asks that of its own tokens, and what is greatest of all of them is found only where one says no.
    const auto unitOf = [](unsigned scale) { return __uint_as_float(__float_as_uint(ofHalf((unsigned short)scale)) & 0x7f800000); };
    bool grown = unitOf(scale) > found.unit * UNIT_LAG;
    #pragma unroll
    for (int h = 0; h < COLUMNS; h++) { grown |= higher[h] > found.highest[h] + SCORE_LAG; }

    if (__any_sync(0xffffffff, grown))
    {
        const float larger = fmaxf(found.unit, unitOf(greatestOf(scale & 0xffff)));
        #pragma unroll
        for (int h = 0; h < COLUMNS; h++)
        {
            higher[h] = overRows(higher[h], [](float a, float b) { return fmaxf(a, b); });
            fade[h] = powerOfTwo(found.highest[h] - higher[h]);
            found.total[h] *= fade[h];
            found.highest[h] = higher[h];
            fade[h] *= found.unit * inverse(larger);
            #pragma unroll
            for (int b = 0; b < BLOCKS; b++)
            {
                found.off[b][h] *= fade[h];
                #pragma unroll
                for (int n = 0; n < VALUE_WORDS * 8; n++) { found.sums[b][n / 8][n / 2 % 4][n % 2 * 2 + h] *= fade[h]; }
            }
        }

        found.unit = larger;
    }

    #pragma unroll
    for (int r = 0; r < 2; r++)
    {
        #pragma unroll
        for (int h = 0; h < COLUMNS; h++)
        {
            weights[r][h] = powerOfTwo(weights[r][h] - found.highest[h]);
            found.total[h] += weights[r][h];
        }
    }

    add(stage + STEP * TOKEN_BYTES, pairs, weights, found);
}
