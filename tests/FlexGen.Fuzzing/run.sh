#!/usr/bin/env bash
# Feeds changed inputs to what reads other people's files and messages, for some time in all:
#   tests/FlexGen.Fuzzing/run.sh [TARGET|all] [SECONDS]        all targets for 120 s when not given
# AFL++ (Debian's package afl++) chooses the inputs by the code that they reach; where it is not installed, or MUTATE=1 is set, the harness
# changes them blindly itself. What is found lies in out/fuzz, and the exit code is 1. Again with one input:
#   dotnet run -c Release --project tests/FlexGen.Fuzzing -- replay TARGET FILE
set -uo pipefail
cd "$(dirname "$0")/../.."
project=tests/FlexGen.Fuzzing
built=$project/bin/Release/net10.0/linux-x64
names=${1:-all}
seconds=${2:-120}

dotnet build -c Release -nologo -v q $project || exit 2
if [ "${MUTATE:-}" = 1 ] || ! command -v afl-fuzz > /dev/null; then
  [ "${MUTATE:-}" = 1 ] || echo "AFL++ is not installed: inputs are changed without looking at what they reach"
  exec dotnet $built/FlexGen.Fuzzing.dll mutate "$names" "$seconds"
fi

# A copy, since what is instrumented runs only under AFL++; libtorch is not needed to read anything.
copy=out/fuzz/instrumented
rm -rf $copy
mkdir -p $copy
tar -C $built --exclude 'libtorch*' --exclude 'libc10*' --exclude runtimes -cf - . | tar -C $copy -xf -
(cd $project && dotnet tool restore > /dev/null) || exit 2
for library in Dataflow Engine Tokenizers; do
  (cd $project && dotnet tool run sharpfuzz "$OLDPWD/$copy/FlexGen.$library.dll") || exit 2
done

[ "$names" = all ] && names=$(dotnet $built/FlexGen.Fuzzing.dll list)
each=$((seconds / $(wc -w <<< "$names")))
found=0
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_FORKSRV_INIT_TMOUT=60000
for target in $names; do
  folder=out/fuzz/$target
  rm -rf "$folder/afl" "$folder/seeds"
  dotnet $built/FlexGen.Fuzzing.dll seeds "$target" "$folder/seeds"
  timeout $((each + 120)) afl-fuzz -i "$folder/seeds" -o "$folder/afl" -t 1000+ -m none -V "$each" -- dotnet $copy/FlexGen.Fuzzing.dll afl "$target" > "$folder/afl.log" 2>&1
  stats=$folder/afl/default/fuzzer_stats
  [ -f "$stats" ] || { tail -n 20 "$folder/afl.log"; found=1; continue; }
  stat() { sed -nE "s/^$1 +: //p" "$stats"; }
  echo "$target: $(stat execs_done) inputs in $(stat run_time) s, $(stat corpus_count) kept, $(stat saved_crashes) crashes, $(stat saved_hangs) hangs"
  [ "$(stat saved_crashes)$(stat saved_hangs)" = 00 ] || { found=1; ls "$folder"/afl/default/{crashes,hangs}/id* 2> /dev/null; }
done
exit $found
