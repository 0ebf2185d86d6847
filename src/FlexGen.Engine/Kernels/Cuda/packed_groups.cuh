// What a weight in 4-bit groups consists of, as PackedShape lays it: of a tile of 16 rows a block for each group, [WORDS, 16] words of 8
// elements, then [16] pairs of scale and zero.
//
// Compiled with: GROUP.

#define WORDS (GROUP / 8)
#define BLOCK (WORDS * 4 + 4)  // 16 bytes each, of a block
