using System.Text;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests;

/// <summary>The build's cure for libstdc++ before GCC 13 (Directory.Build.targets), in the copy that these tests run on.</summary>
public class TorchSharpLibraryTests
{
    private const string Version = "GLIBCXX_3.4.32";
    private const uint VersionNeeds = 0x6ffffffe;
    private const int Weak = 2;
    private readonly byte[] image = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so"));

    [Fact]
    public void The_version_that_older_systems_lack_is_a_weak_requirement_and_the_library_loads()
    {
        Assert.Equal(3, ones(3).sum().item<float>());
        var versions = Requirements().ToList();
        Assert.Contains(versions, v => v.Name == "GLIBCXX_3.4" && v.Flags == 0);
        Assert.All(versions.Where(v => v.Name == Version), v => Assert.Equal(Weak, v.Flags));
        Assert.Contains(versions, v => v.Name == Version);
    }

    // ELF64: section headers, and in .gnu.version_r a list of libraries with a list of versions each.
    private IEnumerable<(string Name, int Flags)> Requirements()
    {
        for (var section = 0; section < Half(0x3c); section++)
        {
            var header = Header(section);
            if (Word(header + 4) != VersionNeeds)
            {
                continue;
            }

            var strings = Long(Header((int)Word(header + 0x28)) + 0x18);
            var library = Long(header + 0x18);
            for (uint next = 1; next != 0; next = Word(library + 12), library += next)
            {
                var version = library + Word(library + 8);
                for (var left = Half(library + 2); left > 0; left--, version += Word(version + 12))
                {
                    yield return (Text(strings + Word(version + 8)), Half(version + 4));
                }
            }
        }
    }

    private long Header(int section) => Long(0x28) + (section * (long)Half(0x3a));

    private int Half(long at) => BitConverter.ToUInt16(image, (int)at);

    private uint Word(long at) => BitConverter.ToUInt32(image, (int)at);

    private long Long(long at) => BitConverter.ToInt64(image, (int)at);

    private string Text(long at) => Encoding.ASCII.GetString(image, (int)at, Array.IndexOf(image, (byte)0, (int)at) - (int)at);
}
